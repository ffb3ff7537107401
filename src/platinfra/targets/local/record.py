"""What is written down of a stack on this machine, so that it outlives the stack file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from platinfra.catalog.machine import Maintenance
from platinfra.catalog.packages import PACKAGES
from platinfra.model.graph import Binding, Component
from platinfra.model.record import ComponentRecord, Migration, Record
from platinfra.model.reference import Kind, Secret, Text, show_text
from platinfra.model.template import as_text
from platinfra.targets.local.facts import MachineValues
from platinfra.targets.local.ready import is_required


@dataclass(frozen=True, slots=True)
class SecretName:
    """Stands in a text for a secret, whose value is nowhere but where the stack's secrets lie."""

    component: str
    secret: str
    kind: Kind = "own"
    """Records of earlier versions name a login as it is kept, so that it is found without one."""


Parts = tuple[str | SecretName, ...]


@dataclass(frozen=True, slots=True)
class EndpointRecord:
    """Where something listens, and how to see that it is ready."""

    url: str
    host: str
    port: int
    process: str | None
    """Who listens, where that is known."""
    ready: str | None
    probe: str | None
    required: bool
    metrics: str | None


@dataclass(frozen=True, slots=True)
class BindingRecord:
    """One wire of a component, with what its provider tells."""

    name: str
    provider: str
    capability: str
    access: tuple[str, ...]
    reason: str
    client: bool
    attributes: Mapping[str, Parts]


@dataclass(frozen=True, slots=True)
class MaintenanceRecord:
    """What a command of `run --as` needs beside the environment of the server."""

    command: tuple[str, ...]
    arguments: tuple[str, ...]
    env: Mapping[str, Parts]
    program: tuple[str, ...] = ()
    """What runs instead of `command`; nothing where that is a program itself."""


@dataclass(frozen=True, slots=True)
class LocalComponent(ComponentRecord):
    """A component of this machine: its addresses, processes, wires and check."""

    folder: str
    """Of its tool."""
    requirements: str | None
    """The lock in that folder."""
    packages: tuple[str, ...]
    """The folders in which Python finds the packages that its code shares with other tools."""
    check: str | None
    executes: bool
    page: Parts | None
    """What `open` opens, where it is not the address of `http`."""
    endpoints: Mapping[str, EndpointRecord]
    processes: Mapping[str, str]
    """Name to the path of its log."""
    client_env: Mapping[str, str]
    """The variables of code that uses it; secrets are only named."""
    bindings: tuple[BindingRecord, ...]
    maintenance: tuple[MaintenanceRecord, ...] = ()
    at: str = ""
    """Where it is, when it is there already."""
    for_wires: bool = False
    """Whether its wires alone can be proved: it fills no stage, and keeps a place for each consumer."""
    checked_by_client: bool = False
    """Whether `check` runs in the environment of the project's code."""
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str | None:
        """Return the address of its page; None when it has none."""
        return self.endpoints["http"].url if "http" in self.endpoints else None


def _complete(data: dict[str, Any], _: Path) -> dict[str, Any]:
    """Return version 2: the first endpoints did not say who listens or what may be missing, and no tool named its packages."""
    unsaid = {"process": None, "probe": None, "required": False}
    components = {
        name: {
            **each,
            "endpoints": {key: {**unsaid, **end} for key, end in each["endpoints"].items()},
            "packages": [str(Path(each["folder"]).parent / PACKAGES)],
        }
        for name, each in data["components"].items()
    }
    return {**data, "components": components}


@dataclass(frozen=True, slots=True)
class LocalRecord(Record):
    """A stack on this machine."""

    migrations: ClassVar[tuple[Migration, ...]] = (_complete,)
    destination: ClassVar[str] = "local"

    components: Mapping[str, LocalComponent] = field(default_factory=dict)


def record_of(values: MachineValues) -> LocalRecord:
    """Return what is written down of a stack before anything of it is applied."""
    graph = values.graph
    components = {name: _component(each, values) for name, each in graph.components.items()}
    return LocalRecord(graph.stack, graph.target, components=components)


def reveal(parts: Parts, fetch: Callable[[Secret], str]) -> str:
    """Return a text with its secrets."""
    found = (each if isinstance(each, str) else Secret(each.component, each.secret, each.kind) for each in parts)
    return "".join(each if isinstance(each, str) else fetch(each) for each in found)


def _component(component: Component, values: MachineValues) -> LocalComponent:
    tool = values.tool(component)
    recipe = tool.run.local
    layout = values.facts.machine.layout
    processes = list(recipe.processes) if recipe else []
    return LocalComponent(
        tool=component.tool,
        stages=component.stages,
        reason=component.reason,
        folder=str(values.catalog.folder(component.tool)),
        requirements=recipe.requirements if recipe else None,
        packages=tuple(values.catalog.package_path(component.tool)),
        check=tool.check,
        executes=tool.executes,
        at=component.at,
        for_wires=not any(values.catalog.capability(each).stage for each in component.stages),
        checked_by_client=tool.check_environment == "client",
        page=_parts(values.sure(tool.page, component)) if tool.page else None,
        endpoints={name: _endpoint(component, values, name) for name in tool.endpoints_in("machine")},
        processes={f"{component.name}.{each}": str(layout.log(component.name, each)) for each in processes},
        client_env={key: show_text(text) for key, text in values.facts.client_env(component).items()},
        bindings=tuple(_binding(each, values) for each in values.graph.bindings_of(component.name)),
        settings=component.settings,
        maintenance=tuple(_maintenance(each, component, values) for each in (recipe.maintenance if recipe else ())),
    )


def _maintenance(entry: Maintenance, component: Component, values: MachineValues) -> MaintenanceRecord:
    return MaintenanceRecord(
        command=tuple(entry.command),
        arguments=tuple(show_text(values.sure(each, component)) for each in entry.arguments),
        env={key: _parts(text) for key, text in values.texts(entry.env, component).items()},
        program=tuple(show_text(values.sure(each, component)) for each in entry.program),
    )


def _endpoint(component: Component, values: MachineValues, name: str) -> EndpointRecord:
    endpoint = values.tool(component).endpoints[name]
    url = values.url(component, name)
    return EndpointRecord(
        url=url,
        host=str(values.sure(f"${{endpoints.{name}.host}}", component)[0]),
        port=int(str(values.sure(f"${{endpoints.{name}.port}}", component)[0])),
        process=_process(component, values, name),
        ready=f"{url}{endpoint.ready}" if endpoint.ready else None,
        probe=f"{url}{endpoint.probe}" if endpoint.probe else None,
        required=is_required(values.tool(component), name),
        metrics=f"{url}{endpoint.metrics}" if endpoint.metrics else None,
    )


def _process(component: Component, values: MachineValues, endpoint: str) -> str | None:
    recipe = values.tool(component).run.local
    found = (name for name, each in recipe.processes.items() if endpoint in each.endpoints) if recipe else iter(())
    name = next(found, None)
    return f"{component.name}.{name}" if name else None


def _binding(binding: Binding, values: MachineValues) -> BindingRecord:
    return BindingRecord(
        name=binding.name,
        provider=binding.provider,
        capability=binding.capability,
        access=binding.access,
        reason=binding.reason,
        client=binding.client,
        attributes={key: _parts(as_text(each) or ()) for key, each in values.attributes(binding).items()},
    )


def _parts(text: Text) -> Parts:
    return tuple(
        SecretName(each.component, each.name, each.kind) if isinstance(each, Secret) else str(each) for each in text
    )
