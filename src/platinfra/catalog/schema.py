"""Catalog entries as authors write them: `tool.yaml` and `capabilities/*.yaml`."""

from datetime import date
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from platinfra.catalog import stack_wires
from platinfra.catalog.aws import AwsRun
from platinfra.catalog.capability import Requirement
from platinfra.catalog.entry import Attribute, Entry
from platinfra.catalog.existing import PREFIX, ExistingServer
from platinfra.catalog.kubernetes import KubernetesRun
from platinfra.catalog.machine import LocalRun
from platinfra.catalog.versions import VERSION
from platinfra.model.ground import PLACES, Ground, Place
from platinfra.model.versions import find_bounds


class Setting(Entry):
    """A knob of a tool."""

    type: Literal["string", "integer", "number", "boolean", "list"] = Field(default="string", description="Its type.")
    default: str | int | float | bool | list[dict[str, Any]] | None = Field(
        default=None, description="Without one the setting is required."
    )
    items: dict[str, "Setting"] = Field(
        default={},
        description="What each mapping of a list may hold; where that includes a `name`, no two may have the same one.",
    )
    choices: list[str | int] | None = Field(default=None, description="The allowed values.")
    minimum: float | None = Field(default=None, description="The smallest number.")
    maximum: float | None = Field(default=None, description="The largest number.")
    at_least: str | None = Field(
        default=None, description="A setting it must not be less than: a smaller default is raised to that value."
    )
    at_most: str | None = Field(
        default=None, description="A setting it must not be more than: a larger default is lowered to that value."
    )
    format: str | None = Field(
        default=None,
        description="Format of a text: instance-type, gpu-instance-type, database-class, bucket, arn …",
    )
    places: list[Place] = Field(default=[*PLACES], description="Where it applies.")
    refused: dict[Place, str] = Field(
        default={},
        description="Where a file may not set it, since without it something else is meant: what to write there.",
    )
    needed: list[Place] = Field(default=[], description="Where it must not be empty, although it has a default.")
    needed_in: list[str] = Field(
        default=[], description="Stages in which the tool may not leave it empty, though it has a default."
    )
    sizes: dict[Literal["medium", "large"], str | int | float | bool] = Field(
        default={},
        description="What the default is in a deployment of that `size`, in clusters and on AWS; `default` is for small ones.",
    )
    help: str = Field(description="One sentence.")


class Panel(Entry):
    """A diagram of a dashboard."""

    query: str = Field(description="PromQL; `$self` is the selector of the component's own series.")
    unit: str = Field(default="short", description="Grafana unit, such as bytes, s or reqps.")


class Endpoint(Entry):
    """A port a tool listens on."""

    port: int = Field(description="The tool's usual port.")
    scheme: str = Field(default="http", description="Of its addresses.")
    ready: str | None = Field(default=None, description="Path that answers 2xx when the tool is ready.")
    probe: str | None = Field(default=None, description="API path that answers 2xx through the wired address.")
    metrics: str | None = Field(default=None, description="Path of Prometheus metrics.")
    panels: dict[str, Panel] = Field(
        default={}, description="Title to a graph of its own metrics, in addition to those of every tool."
    )
    page: bool = Field(default=False, description="Whether it is a page for people: in a cluster it may get a host.")
    places: list[Place] = Field(default=[*PLACES], description="Where it is there.")


class Client(Entry):
    """What code that uses the tool needs."""

    packages: list[str] = Field(default=[], description="Requirements of code that uses it, pinned.")
    env: dict[str, str] = Field(default={}, description="Variables for such code, such as the tool's address.")
    needed: list[str] = Field(
        default=[],
        description="Packages that a project's own lock has to have: a part of the tool runs in the environment made from it.",
    )
    bounds: dict[str, str] = Field(
        default={}, description="Package to the versions that such code may have of it, such as `>=3,<3.9`."
    )

    @field_validator("bounds")
    @classmethod
    def _can_be_compared(cls, value: dict[str, str]) -> dict[str, str]:
        wrong = [each for each in value.values() if find_bounds(each) is None]
        if wrong:
            raise ValueError(f"{wrong} are no bounds of versions, such as `>=3,<3.9`")
        return value


class Run(Entry):
    """Recipes by target."""

    local: LocalRun | None = Field(default=None, description="As processes of this machine.")
    kubernetes: KubernetesRun | None = Field(default=None, description="In a Kubernetes cluster.")
    aws: AwsRun | None = Field(default=None, description="As AWS resources.")


class NoRoute(Entry):
    """Why platinfra does not run what people look for: a fact with its date and source, and what works."""

    reason: str = Field(description="Half a sentence: what it is, or what is missing for it to run.")
    checked: date = Field(description="When that was looked up.")
    source: str = Field(description="Where people can read it.")
    instead: list[str] = Field(
        default=[], description="Tools of the catalog that fill one of the same stages, the nearest first."
    )
    ground: str | None = Field(
        default=None,
        description="The target whose stacks run in it: they may name it for a stage, and nothing is added.",
    )
    advice: str | None = Field(
        default=None, description="Half a sentence: what to do, where that is not to choose another tool."
    )

    @model_validator(mode="after")
    def _says_what_works(self) -> Self:
        if not self.instead and self.advice is None:
            raise ValueError("what platinfra does not run has `instead` or `advice`")
        return self


class Tool(Entry):
    """A piece of software: what it provides, what it requires, how it runs."""

    name: str = Field(description="Equals the folder.")
    aliases: list[str] = Field(
        default=[], description="Other names that people know it by: stack files and `explain` take them as its name."
    )
    summary: str = Field(description="One sentence.")
    homepage: str = Field(description="Where people read about it.")
    license: str = Field(description="SPDX name.")
    limits: dict[str, str] = Field(
        default={},
        description="Where it cannot run (a place, a target or TARGET/TYPE), and why, in half a sentence.",
    )
    no_route: NoRoute | None = Field(
        default=None, description="Why it runs nowhere, for what people look for and that has no recipe."
    )
    existing: ExistingServer | None = Field(
        default=None,
        description="How a server that is there already is used: stack files name it with `at: ADDRESS`.",
    )
    not_for: dict[str, str] = Field(
        default={},
        description="Stage that people name it for and that it does not fill, and why, in half a sentence.",
    )
    twins: dict[str, list[str]] = Field(
        default={},
        description="Stage or capability to the tools that may stand for it where an environment says `twins: true`; the first that runs there does.",
    )
    remarks: str | None = Field(default=None, description="What people should know before they choose it.")
    provides: dict[str, dict[Attribute, str]] = Field(
        default={},
        description="Capabilities, with the attributes that differ from those of the endpoint `http`.",
    )
    speaks: str | None = Field(
        default=None,
        description="The protocol by which it is used, where only those consumers know it that say so in `requires`, such as `gs`.",
    )
    registry_api: Literal["mlflow"] | None = Field(
        default=None, description="How `platinfra models` asks its registry of models, at the endpoint `http`."
    )
    requires: dict[str, Requirement] = Field(default={}, description="What it needs of others, by a name of its own.")
    uses: Literal["stack"] | None = Field(
        default=None,
        description="Runs code of users, which may use the whole stack: adds a client wire for each stage.",
    )
    settings: dict[str, Setting] = Field(default={}, description="What users may set.")
    secrets: list[str] = Field(default=[], description="Generated for each component.")
    endpoints: dict[str, Endpoint] = Field(default={}, description="The ports it listens on; `http` is the main one.")
    page: str | None = Field(
        default=None, description="What `platinfra open` opens, where it is not the address of `http`."
    )
    client: Client = Field(default_factory=Client, description="What code that uses it needs.")
    packages: list[str] = Field(
        default=[],
        description="Shared packages that its code imports: folders of `_packages` beside its own folder, or of platinfra.",
    )
    run: Run = Field(default_factory=Run, description="How platinfra runs it, by target.")
    check: str | None = Field(default=None, description="Script that exercises the running tool through its client.")
    check_environment: Literal["tool", "client"] = Field(
        default="tool", description="The environment of that script: the tool's own, or the project's."
    )
    executes: bool = Field(default=False, description="Runs user code: its check can `run` a file.")

    def endpoints_in(self, place: Place) -> dict[str, Endpoint]:
        """Return the endpoints that are there in a place."""
        return {name: each for name, each in self.endpoints.items() if place in each.places}

    def capabilities_in(self, place: Place) -> tuple[str, ...]:
        """Return what the tool provides in a place, with what follows from its endpoints."""
        ends = self.endpoints_in(place).values()
        implied = {"metrics": any(each.metrics for each in ends), "page": any(each.page for each in ends)}
        own = [name for name in self.provides if self.fills(name, place)]
        return (*own, *(name for name, holds in implied.items() if holds and name not in self.provides))

    def fills(self, stage: str, place: Place) -> bool:
        """Tell whether the tool provides a capability in a place, should it have a recipe there."""
        return stage in self.provides and not (
            place == "machine" and self.run.local and stage in self.run.local.not_for
        )

    @property
    def product(self) -> str:
        """Return what the tool is called by those who use it, whether platinfra runs it or it is there already."""
        return self.name.removeprefix(PREFIX).partition(VERSION)[0]

    @property
    def example_address(self) -> str:
        """Return an address as people write it for a server of the tool that is there already."""
        return (self.existing and self.existing.example) or f"https://{self.product}.example.org"

    def secrets_in(self, place: Place) -> tuple[str, ...]:
        """Return the names of what is generated for each component in a place."""
        return (*self.secrets, *(self.run.local.secrets if place == "machine" and self.run.local else ()))

    @property
    def places(self) -> tuple[Place, ...]:
        """Return where the tool has a recipe."""
        aws = self.run.aws
        found: dict[Place, bool] = {
            "machine": self.run.local is not None,
            "cluster": self.run.kubernetes is not None,
            "service": aws is not None and bool(aws.module or aws.grants),
        }
        return tuple(place for place, holds in found.items() if holds)

    def is_of_code(self, requirement: str) -> bool:
        """Tell whether a wire is that of people's code, which runs in pods apart from the tool's own."""
        run = self.run.kubernetes
        return run is not None and run.code is not None and stack_wires.is_of_code(requirement)

    def is_proved(self, place: Place) -> bool:
        """Tell whether `platinfra check` carries out the proof of what it provides: it does so on a machine alone."""
        return place == "machine" and place in self.places and self.check is not None

    def limit(self, ground: Ground, stage: str | None = None) -> str | None:
        """Return why the tool cannot run on some ground, or not for a stage; None where nothing is known to be in the way."""
        if self.no_route:
            return self.no_route.reason
        given = (self.limits.get(each) for each in (ground.target, f"{ground.target}/{ground.type}"))
        if found := next(filter(None, given), None):
            return found
        if place := self.find_place(ground):
            local = self.run.local if place == "machine" else None
            lacking = local.needs.missing(ground.computer) if local and local.needs and ground.computer else None
            return lacking or (local.not_for.get(stage) if local and stage else None)
        own = (self.limits.get(each) for each in ground.places)
        return next(filter(None, own), "it is a service of AWS" if self.places == ("service",) else None)

    def find_place(self, ground: Ground) -> Place | None:
        """Return the first place of some ground that the tool has a recipe for."""
        return next((each for each in ground.places if each in self.places), None)

    def runs_on(self, ground: Ground, stage: str | None = None) -> bool:
        """Tell whether the tool can be brought up on some ground, to fill a stage."""
        return self.limit(ground, stage) is None and self.find_place(ground) is not None

    @model_validator(mode="after")
    def _has_secrets_of_its_own(self) -> Self:
        logins = {taken for name in self.requires for taken in (name, f"{name}-password")}
        if mistaken := logins.intersection(self.secrets_in("machine")):
            raise ValueError(f"the secrets {sorted(mistaken)} are called as what is kept of requirements")
        return self

    @model_validator(mode="before")
    @classmethod
    def _with_stack(cls, data: Any) -> Any:
        if not isinstance(data, dict) or data.get("uses") != "stack":
            return data
        return {**data, "requires": stack_wires.with_stack(data.get("requires", {}))}

    @field_validator("provides", mode="before")
    @classmethod
    def _named_list(cls, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return {each: {} for each in value}
