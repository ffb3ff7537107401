"""What only this machine knows of a stack: ports, folders and environments."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Tool
from platinfra.model.graph import Binding, Component, Graph
from platinfra.model.ground import Place
from platinfra.model.reference import Secret, Text
from platinfra.model.template import ABSENT, Absent, Value
from platinfra.resolve.values import Values
from platinfra.targets.local.data_version import DataVersion
from platinfra.targets.local.layout import Layout
from platinfra.targets.local.programs import find_program

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Machine:
    """What a plan has to know of this machine; gathering it has no side effect."""

    layout: Layout
    project: Path
    """The folder of the stack file."""
    ports: Mapping[str, int]
    """`component.endpoint` to port."""
    environments: Mapping[str, Path]
    """Tool to its virtual environment."""
    path: str
    """The system's PATH."""
    passed: Mapping[str, str]
    """Variables that every process gets: certificates, proxies, uv's cache."""
    python: str
    """`3.11`."""
    editions: Mapping[str, int] = field(default_factory=dict)
    """`component.credential` to how often people gave another value."""
    data: Mapping[str, DataVersion] = field(default_factory=dict)
    """Component to the version of its tool that its data is of, where it has a choice."""
    interpreter: str = "python3"
    """The Python of tools that have no environment of their own."""


def wanted_ports(graph: Graph, catalog: Catalog) -> dict[str, int]:
    """Return the usual port of every endpoint that is served here, by `component.endpoint`."""
    return {
        f"{component.name}.{name}": endpoint.port
        for component in graph.components.values()
        if not component.at
        for name, endpoint in catalog.get(component.tool).endpoints_in("machine").items()
    }


def locks(graph: Graph, catalog: Catalog) -> dict[str, Path]:
    """Return the lock file of every tool that has one."""
    found = {}
    for component in graph.components.values():
        recipe = catalog.get(component.tool).run.local
        if recipe and recipe.requirements:
            found[component.tool] = catalog.folder(component.tool) / recipe.requirements
    return found


class MachineFacts:
    """Implements `Facts`."""

    where: Place = "machine"

    def __init__(self, graph: Graph, catalog: Catalog, machine: Machine) -> None:
        """Prepare the evaluator."""
        self.machine = machine
        self.values: MachineValues = Values(graph, catalog, self)

    def port(self, component: str, endpoint: str) -> int:
        """Return the port of an endpoint."""
        return self.machine.ports[f"{component}.{endpoint}"]

    def host_and_port(self, component: Component, endpoint: str) -> tuple[str, int]:
        """Return where an endpoint listens."""
        return HOST, self.port(component.name, endpoint)

    def provides(self, tool: Tool, capability: str) -> Mapping[Any, str]:
        """Return the attributes that the recipe tells, or else those of the tool."""
        told = tool.run.local.provides if tool.run.local else {}
        return {**tool.provides, **told}.get(capability, {})

    def find_outside(self, binding: Binding, name: str) -> None:
        """Return nothing: all providers are here."""

    def secret_of(self, binding: Binding) -> Absent:
        """Return nothing: processes get their credentials themselves."""
        return ABSENT

    def client_env(self, component: Component) -> dict[str, Text]:
        """Return the variables that code using `component` needs."""
        return self.values.texts(self.values.tool(component).client.env, component)

    def find(  # noqa: PLR0912
        self, path: tuple[str, ...], component: Component, binding: Binding | None
    ) -> Value | None:
        """Return a folder, or part of an environment."""
        layout, venv = self.machine.layout, self.machine.environments.get(component.tool)
        catalog, found = self.values.catalog, None
        match path:
            case ("credentials", name, *part):
                return self._credential(component, name, *part) if name in component.credentials else ABSENT
            case ("at", "other"):
                known = self.values.tool(component).existing
                return component.at if known and component.at != known.at else ABSENT
            case ("data",):
                found = layout.data(component.name)
            case ("files",):
                found = layout.files(component.name)
            case ("folder",):
                found = catalog.folder(component.tool)
            case ("packages",):
                return ":".join(catalog.package_path(component.tool))
            case ("programs", name):
                return self._program(component, name)
            case ("project",):
                found = self.machine.project
            case ("venv",):
                found = venv
            case ("python",):
                return str(venv / "bin" / "python") if venv else self.machine.interpreter
            case ("site_packages",):
                found = venv and venv / "lib" / f"python{self.machine.python}" / "site-packages"
            case ("client", "venv"):
                found = layout.client_venv
            case ("client", "python"):
                found = layout.client_venv / "bin" / "python"
        return None if found is None else str(found)

    def _credential(self, component: Component, name: str, part: str = "") -> Value:
        """Return a credential that is given, the path of the file that holds it, or how often it was another one."""
        edition = self.machine.editions.get(f"{component.name}.{name}", 0)
        if part == "file":
            return str(self.machine.layout.files(component.name) / name)
        return str(edition) if part == "number" else Secret(component.name, name, "given", edition)

    def _program(self, component: Component, name: str) -> str | None:
        """Return the path of a program; its usual name where there is none, which is refused before anything is done."""
        local = self.values.tool(component).run.local
        program = local.needs.programs.get(name) if local and local.needs else None
        return (find_program(program.names, self.machine.path) or program.names[0]) if program else None


MachineValues = Values[MachineFacts]
