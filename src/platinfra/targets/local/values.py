"""What references stand for on this machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Tool
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.graph import Binding, Component, Graph
from platinfra.model.reference import Reference, Secret, Text, evaluate, parse, references
from platinfra.resolve.identifiers import database_identifier
from platinfra.targets.local.layout import Layout

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
    interpreter: str = "python3"
    """The Python of tools that have no environment of their own."""


parse_once = cache(parse)


class Values:
    """Looks up references for the components of one graph."""

    def __init__(self, graph: Graph, catalog: Catalog, machine: Machine) -> None:
        """Prepare the look-up tables."""
        self.graph = graph
        self.catalog = catalog
        self.machine = machine
        self._places: dict[str, dict[str, str]] = {}
        self._bound = {(each.consumer, each.name): each for each in graph.bindings}

    def text(self, template: str, component: Component, binding: Binding | None = None) -> Text | None:
        """Evaluate a template; None when it mentions an unbound optional requirement."""
        return evaluate(parse_once(template), lambda reference: self._lookup(reference, component, binding))

    def texts(
        self, templates: Mapping[str, str], component: Component, binding: Binding | None = None
    ) -> dict[str, Text]:
        """Evaluate several templates; those that mention an unbound optional requirement disappear."""
        values = {key: self.text(template, component, binding) for key, template in templates.items()}
        return {key: value for key, value in values.items() if value is not None}

    def sure(self, template: str, component: Component, binding: Binding | None = None) -> Text:
        """Evaluate a template that must not depend on anything optional."""
        value = self.text(template, component, binding)
        if value is None:
            raise _unknown_reference(
                component, next(references(parse_once(template))), "it is optional and unbound here"
            )
        return value

    def plain(self, template: str, component: Component) -> str:
        """Evaluate a template that holds no secret."""
        return "".join(str(part) for part in self.sure(template, component))

    def client_env(self, component: Component) -> dict[str, Text]:
        """Return the variables that code using `component` needs."""
        return self.texts(self.tool(component).client.env, component)

    def attributes(self, binding: Binding) -> dict[str, Text]:
        """Return everything a provider tells the consumer of one binding."""
        names = self.catalog.capability(binding.capability).attributes
        values = {name: self._attribute(binding, name) for name in names}
        return {name: value for name, value in values.items() if value is not None}

    def tool(self, component: Component) -> Tool:
        """Return the tool of a component."""
        return self.catalog.get(component.tool)

    def port(self, component: str, endpoint: str) -> int:
        """Return the port of an endpoint."""
        return self.machine.ports[f"{component}.{endpoint}"]

    def url(self, component: Component, endpoint: str) -> str:
        """Return the address of an endpoint, without a path."""
        scheme = self.tool(component).endpoints[endpoint].scheme
        return f"{scheme}://{HOST}:{self.port(component.name, endpoint)}"

    def _lookup(self, reference: Reference, component: Component, binding: Binding | None) -> Text | None:
        tool = self.tool(component)
        match reference.path:
            case ("settings", name) if name in component.settings:
                return _scalar(component.settings[name])
            case ("secrets", name) if name in tool.secrets:
                return (Secret(component.name, name),)
            case ("endpoints", name, attribute) if name in tool.endpoints:
                return self._endpoint(component, name, attribute)
            case ("consumer", name) if binding is not None:
                return self._consumer(binding, name)
            case (requirement, attribute) if requirement in tool.requires:
                return self._find_provided(component, requirement, attribute, reference)
            case path:
                value = self._place(component).get(".".join(path))
        if value is None:
            raise _unknown_reference(component, reference, "there is no such name")
        return (value,)

    def _endpoint(self, component: Component, name: str, attribute: str) -> Text | None:
        match attribute:
            case "url":
                return (self.url(component, name),)
            case "host":
                return (HOST,)
            case "port":
                return (str(self.port(component.name, name)),)
        raise _unknown_reference(
            component, Reference(("endpoints", name, attribute)), "an endpoint has url, host and port"
        )

    def _consumer(self, binding: Binding, name: str) -> Text:
        identifier = database_identifier(binding, self.graph, self.catalog)
        match name:
            case "name":
                return (binding.consumer,)
            case "username" | "database":
                return (identifier,)
            case "password":
                return (Secret(binding.consumer, f"{binding.name}-password"),)
        raise _unknown_reference(
            self.graph.components[binding.provider],
            Reference(("consumer", name)),
            "a consumer has name, username, database and password",
        )

    def _find_provided(
        self, component: Component, requirement: str, attribute: str, reference: Reference
    ) -> Text | None:
        binding = self._bound.get((component.name, requirement))
        if binding is None:
            return None
        value = self._attribute(binding, attribute)
        if value is None:
            raise _unknown_reference(component, reference, f"`{binding.provider}` does not provide it")
        return value

    def _attribute(self, binding: Binding, name: str) -> Text | None:
        provider = self.graph.components[binding.provider]
        tool = self.tool(provider)
        told = tool.run.local.provides if tool.run.local else {}
        template = {str(key): each for key, each in {**tool.provides, **told}[binding.capability].items()}.get(name)
        if template is not None:
            return self.text(template, provider, binding)
        if "http" in tool.endpoints and name in {"url", "host", "port"}:
            return self._endpoint(provider, "http", name)
        return None

    def _place(self, component: Component) -> dict[str, str]:
        if component.name not in self._places:
            self._places[component.name] = self._places_of(component)
        return self._places[component.name]

    def _places_of(self, component: Component) -> dict[str, str]:
        layout = self.machine.layout
        venv = self.machine.environments.get(component.tool)
        own = self._own_environment(venv) if venv else {"python": self.machine.interpreter}
        return {
            "name": component.name,
            "stack": self.graph.stack,
            "data": str(layout.data(component.name)),
            "files": str(layout.files(component.name)),
            "folder": str(self.catalog.folder(component.tool)),
            "project": str(self.machine.project),
            **own,
            "client.venv": str(layout.client_venv),
            "client.python": str(layout.client_venv / "bin" / "python"),
        }

    def _own_environment(self, venv: Path) -> dict[str, str]:
        packages = venv / "lib" / f"python{self.machine.python}" / "site-packages"
        return {"venv": str(venv), "python": str(venv / "bin" / "python"), "site_packages": str(packages)}


def _scalar(value: object) -> Text:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return (text,) if text else ()


def _unknown_reference(component: Component, reference: Reference, reason: str) -> PlatinfraError:
    return PlatinfraError(
        Diagnostic("unknown-reference", f"the tool `{component.tool}` refers to {reference}: {reason}")
    )
