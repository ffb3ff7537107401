"""The stack file as people write it."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictFloat, StrictInt, StrictStr, WithJsonSchema
from pydantic_core import PydanticCustomError

from platinfra.diagnostics import join_names
from platinfra.model import targets
from platinfra.spec.aws import CANONICAL, AwsDeployment, Strict
from platinfra.spec.kubernetes import KubernetesDeployment

Scalar = StrictStr | StrictInt | StrictFloat | StrictBool
Role = Literal["admin", "ml_engineer", "data_scientist", "auditor"]


def _check_target(name: str) -> str:
    """Return the name of a target; raise PydanticCustomError when there is none such."""
    if targets.find(name) is None:
        known = {"expected": join_names(targets.names(), "or").replace("`", "'")}
        raise PydanticCustomError("literal_error", "Input should be {expected}", known)
    return name


TargetName = Annotated[
    str, AfterValidator(_check_target), WithJsonSchema({"type": "string", "enum": [*targets.OWN], "title": "Name"})
]


class Provider(Strict):
    """Where the platform runs."""

    name: TargetName = Field(
        "local", description="local (this machine), kubernetes (any cluster), aws, or a target of an installed package."
    )
    account_id: str | None = Field(None, description="AWS: the 12-digit account.")
    region: str | None = Field(None, description="AWS: the region, such as eu-central-1.")
    context: str | None = Field(None, description="Kubernetes: the kubeconfig context.")


class Deployment(AwsDeployment, KubernetesDeployment):
    """How the platform runs there."""

    type: str | None = Field(
        None, description="local: process. kubernetes: existing, kind, minikube, k3d. aws: kubernetes, cloud_vm."
    )


CanonicalProvider = Annotated[Provider, CANONICAL]
CanonicalDeployment = Annotated[Deployment, CANONICAL]


class UseOptions(Strict):
    """What may follow a tool's name."""

    as_: str | None = Field(None, alias="as", description="Its own name, for a second, separate instance.")
    settings: Annotated[dict[str, Scalar], CANONICAL] = Field(
        default={}, description="The tool's settings; see `platinfra explain TOOL`."
    )
    bind: Annotated[dict[str, str], CANONICAL] = Field(
        default={}, description="Requirement to component, if several could meet it."
    )


CanonicalOptions = Annotated[UseOptions, CANONICAL]


class Use(Strict):
    """One tool in one stage."""

    tool: str = Field(description="A tool of the catalog; see `platinfra tools`.")
    options: CanonicalOptions = Field(default_factory=UseOptions.model_construct)


Stages = dict[str, list[Use]]


class Project(Strict):
    """The code that uses the stack."""

    requirements: str | None = Field(
        None,
        description="A hashed requirements file beside the stack file: the environment of flows, notebooks and `platinfra run`.",
    )


class User(Strict):
    """A person and what that person may do."""

    name: str = Field(description="The name or address in the organisation's identity provider.")
    role: Role = Field(description="admin, ml_engineer, data_scientist or auditor.")


class Override(Strict):
    """What differs in one environment."""

    provider: CanonicalProvider | None = Field(None, description="Replaces `provider`.")
    deployment: CanonicalDeployment | None = Field(None, description="Replaces `deployment`.")
    stack: Stages = Field(default={}, description="Replaces the tools of the stages it names.")
    settings: dict[str, dict[str, Scalar]] = Field(
        default={}, description="Component to settings, merged over the stack's."
    )


class StackFile(Strict):
    """A stack: the tools for each stage, and where to run them."""

    name: str = Field(description="A DNS label of at most 30 characters; prefixes every resource.")
    provider: CanonicalProvider = Field(
        default_factory=Provider.model_construct, description="Where the platform runs."
    )
    deployment: CanonicalDeployment = Field(
        default_factory=Deployment.model_construct, description="How it runs there."
    )
    stack: Stages = Field(description="Stage to list of tools.")
    environments: dict[str, Annotated[Override, CANONICAL]] = Field(
        default={}, description="Name to overrides: the same stack elsewhere (`--env NAME`)."
    )
    users: list[User] = Field(default=[], description="People and their roles.")
    project: Project = Field(default_factory=Project.model_construct, description="The code that uses the stack.")
