"""What tools provide and require, as authors write it: `capabilities/*.yaml`, and `requires` of a tool."""

from typing import Self

from pydantic import Field, model_validator

from platinfra.catalog.entry import Attribute, Entry, Role
from platinfra.model.ground import PLACES, Place


class Capability(Entry):
    """A named contract that tools provide and require."""

    name: str = Field(description="Equals the file.")
    summary: str = Field(description="One sentence.")
    means: str | None = Field(
        default=None, description="What a consumer can do with it, in one sentence; every stage says so."
    )
    proof: str | None = Field(default=None, description="How a check shows that, in one sentence; every stage says so.")
    stage: bool = Field(default=False, description="A part of the ML lifecycle that a stack fills with tools.")
    attributes: list[Attribute] = Field(
        default=["url", "host", "port"], description="What a provider passes to its consumers."
    )
    further: list[Attribute] = Field(
        default=[], description="What some providers have beside it, for consumers that mention it."
    )
    access: list[str] = Field(default=["read", "write"], description="The verbs a binding may ask for.")
    default_access: list[str] = Field(
        default=["read", "write"], description="The verbs of a requirement that names none."
    )
    defaults: dict[str, str] = Field(
        default={}, description="Target to the tool that provides the capability if the stack names none."
    )
    proxy: str | None = Field(
        default=None, description="The tool that asks for it before pages of tools that cannot ask themselves."
    )
    port: int | None = Field(
        default=None, description="The port of its servers outside the stack, where no address tells another."
    )
    credentials: list[Attribute] = Field(
        default=[],
        description="What the Secret of each wire holds: every consumer has a login of its own.",
    )
    enforced: dict[Place, str] = Field(
        default={},
        description="How permissions are enforced where a provider stands, where that is not the place's usual way.",
    )
    people: dict[Role, list[str]] = Field(
        default={}, description="What people of a role may do with it, where a cloud decides who they are."
    )

    def has(self, attribute: str) -> bool:
        """Tell whether a provider may have an attribute."""
        return attribute in self.attributes or attribute in self.further

    @model_validator(mode="after")
    def _promises_something(self) -> Self:
        if self.stage and not (self.means and self.proof):
            raise ValueError("a stage says what it `means` for a consumer, and the `proof` of that")
        return self


class Requirement(Entry):
    """A tool's named demand for a capability."""

    capability: str = Field(description="The capability.")
    access: list[str] | None = Field(default=None, description="Verbs; the capability's default when absent.")
    optional: bool = Field(default=False, description="May stay unbound: what refers to it is left out.")
    many: bool = Field(default=False, description="Binds every provider of the stack.")
    client: bool = Field(default=False, description="The provider's client environment is added to this tool's.")
    whole: bool = Field(
        default=False,
        description="AWS: the tool cannot share it, as it asks about the bucket as a whole; it gets one of its own.",
    )
    role: str = Field(default="main", description="AWS: which of this tool's roles gets the permissions.")
    places: list[Place] = Field(default=[*PLACES], description="Where the tool needs it.")
    targets: list[str] | None = Field(
        default=None, description="The targets on which the tool needs it; all, when absent."
    )
    tools: list[str] | None = Field(default=None, description="The only tools that can provide it; any if absent.")
    speaks: dict[str, list[str]] = Field(
        default={},
        description="Protocols of providers that say they speak one (`speaks`), with the packages that clients need for each.",
    )
    why: str | None = Field(
        default=None, description="Why it stays unbound elsewhere and with other tools: `plan` shows it as a note."
    )
    remarks: dict[str, str] = Field(
        default={}, description="Tool to what people should know of it here: `plan` shows it if the stack has the tool."
    )
