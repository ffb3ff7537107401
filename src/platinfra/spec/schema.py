"""The stack file as people write it; what it says of its target, the target itself reads."""

from typing import Annotated, Any

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr

from platinfra.sections.section import CANONICAL, Section, User

Scalar = StrictStr | StrictInt | StrictFloat | StrictBool
SettingValue = Scalar | list[Any]
"""What a setting may be; its tool says what is in a list."""
Raw = Annotated[dict[str, Any], CANONICAL]
"""A section that the target reads."""


class UseOptions(Section):
    """What may follow a tool's name."""

    as_: str | None = Field(None, alias="as", description="Its own name, for a second, separate instance.")
    settings: Annotated[dict[str, SettingValue], CANONICAL] = Field(
        default={}, description="The tool's settings; see `platinfra explain TOOL`."
    )
    version: str | None = Field(
        None,
        description='One of the versions of the tool that there is a lock for, such as "3.16.1"; the newest when absent. See `platinfra explain TOOL`.',
    )
    at: str | None = Field(
        None,
        description="Address of a server that is there already, such as https://mlflow.example.org: platinfra connects the stack to it and does not run it.",
    )
    credentials: Raw = Field(
        default={},
        description="What such a server asks for: `{from-env: VARIABLE}` or `{from-file: PATH}`, or one of these for each credential of the tool.",
    )
    bind: Annotated[dict[str, str], CANONICAL] = Field(
        default={}, description="Requirement to component, if several could meet it."
    )


CanonicalOptions = Annotated[UseOptions, CANONICAL]


class Use(Section):
    """One tool in one stage."""

    tool: str = Field(description="A tool of the catalog; see `platinfra tools`.")
    options: CanonicalOptions = Field(default_factory=UseOptions.model_construct)


Stages = dict[str, list[Use]]


class Project(Section):
    """The code that uses the stack."""

    requirements: str | None = Field(
        None,
        description="A hashed requirements file beside the stack file: the environment of flows, notebooks and `platinfra run`.",
    )


class Override(Section):
    """What differs in one environment."""

    provider: Raw | None = Field(None, description="Replaces `provider`.")
    deployment: Raw | None = Field(None, description="Replaces `deployment`.")
    stack: Stages = Field(default={}, description="Replaces the tools of the stages it names.")
    settings: dict[str, dict[str, SettingValue]] = Field(
        default={}, description="Component to settings, merged over the stack's."
    )
    twins: bool = Field(
        default=False,
        description="Whether other tools stand for services that cannot run here, such as Ray for AWS Batch; `plan` names them.",
    )


class StackFile(Section):
    """A stack: the tools for each stage, and where to run them."""

    name: str = Field(description="A DNS label of at most 30 characters; prefixes every resource.")
    provider: Raw = Field(default={}, description="Where the platform runs.")
    deployment: Raw = Field(default={}, description="How it runs there.")
    stack: Stages = Field(description="Stage to list of tools.")
    environments: dict[str, Annotated[Override, CANONICAL]] = Field(
        default={}, description="Name to overrides: the same stack elsewhere (`--env NAME`)."
    )
    users: list[User] = Field(default=[], description="People and their roles.")
    project: Project = Field(default_factory=Project.model_construct, description="The code that uses the stack.")
