"""
What the references of a `tool.yaml` stand for: one evaluator for every target, which supplies its facts.

Only what the vocabulary of a place lists means something there; every other name is an error.
"""

import re
from collections.abc import Mapping
from typing import Any, Generic, Protocol, TypeVar

from platinfra.catalog import vocabulary
from platinfra.catalog.capability import Capability
from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Tool
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.graph import Binding, Component, Graph
from platinfra.model.ground import Place
from platinfra.model.reference import Reference, Secret, Text, merge_parts, references
from platinfra.model.template import ABSENT, Absent, Value, as_text, fill, json_parts, parse_once
from platinfra.resolve.identifiers import database_identifier

_USUAL_PORTS = {"http": 80, "https": 443}
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
"""Begin of a region's name to its partition, where that is not `aws`."""


class Facts(Protocol):
    """What differs between targets."""

    @property
    def where(self) -> Place:
        """Return the place whose names mean something."""

    def find(self, path: tuple[str, ...], component: Component, binding: Binding | None) -> Value | None:
        """Return what a name of this place alone stands for; None when there is nothing of that here."""

    def host_and_port(self, component: Component, endpoint: str) -> tuple[str, int] | None:
        """Return where an endpoint is found; None for services, which tell their addresses themselves."""

    def provides(self, tool: Tool, capability: str) -> Mapping[Any, str]:
        """Return the templates of the attributes that a tool has here."""

    def find_outside(self, binding: Binding, name: str) -> Value | None:
        """Return an attribute of a provider that others than its tool tell; None when the tool has to."""

    def secret_of(self, binding: Binding) -> str | Absent:
        """Return the name of what keeps the credentials of a wire."""


F = TypeVar("F", bound=Facts)


class Values(Generic[F]):
    """Evaluates templates for the components of one graph."""

    def __init__(self, graph: Graph, catalog: Catalog, facts: F) -> None:
        """Prepare the look-up tables."""
        self.graph = graph
        self.catalog = catalog
        self.facts = facts
        self._bound = {(each.consumer, each.name): each for each in graph.bindings}
        self._names: dict[tuple[str, bool], frozenset[str]] = {}

    def tool(self, component: Component) -> Tool:
        """Return the tool of a component."""
        return self.catalog.get(component.tool)

    def binding(self, component: str, requirement: str) -> Binding | None:
        """Return the only binding of a requirement; None when it is unbound."""
        return self._bound.get((component, requirement))

    def value(
        self,
        template: Any,
        component: Component,
        binding: Binding | None = None,
        more: Mapping[str, Value] | None = None,
    ) -> Any:
        """
        Return a template with its references replaced, as `fill` does; `more` are names that mean something here only.

        Raises PlatinfraError for a name that means nothing.
        """
        return fill(template, lambda reference: self._look_up(reference, component, binding, more or {}))

    def text(self, template: str, component: Component, binding: Binding | None = None) -> Text | Absent:
        """Return a template as text."""
        return as_text(self.value(template, component, binding))

    def texts(
        self, templates: Mapping[str, str], component: Component, binding: Binding | None = None
    ) -> dict[str, Text]:
        """Return several templates as texts, without those that are absent."""
        found = {key: self.text(each, component, binding) for key, each in templates.items()}
        return {key: each for key, each in found.items() if each is not ABSENT}

    def sure(self, template: str, component: Component, binding: Binding | None = None) -> Text:
        """Return a template as text; raise PlatinfraError when it is absent."""
        found = self.text(template, component, binding)
        if found is ABSENT:
            raise _problem(component, next(references(parse_once(template))), "it is optional and unbound here")
        return found

    def attribute(self, binding: Binding, name: str) -> Value:
        """Return what a provider tells one consumer."""
        provider = self.graph.components[binding.provider]
        if (found := self.facts.find_outside(binding, name)) is not None:
            return found
        templates = self.facts.provides(self.tool(provider), binding.capability)
        if name in templates:
            told: Value = self.value(templates[name], provider, binding)
            return told
        endpoint = self.endpoint_of(binding)
        if endpoint and name == "path":
            return self.tool(provider).endpoints[endpoint].metrics or ABSENT
        return self._endpoint(provider, endpoint, name) if endpoint and name in {"url", "host", "port"} else ABSENT

    def attributes(self, binding: Binding) -> dict[str, Value]:
        """Return everything that a provider tells one consumer."""
        capability = self.catalog.capability(binding.capability)
        names = (*capability.attributes, *capability.further)
        found = {str(name): self.attribute(binding, name) for name in names}
        return {name: value for name, value in found.items() if value is not ABSENT}

    def wires(self, component: Component, requirement: str) -> Text:
        """Return as JSON what each provider of a requirement tells, in the order of the bindings; secrets stay hidden in it."""
        found = (each for each in self.graph.bindings_of(component.name) if each.name == requirement)
        told = [{"provider": each.provider, **self.attributes(each)} for each in found]
        return tuple(merge_parts(json_parts(told)))

    def endpoint_of(self, binding: Binding) -> str | None:
        """Return the endpoint by which a capability is used: the one with metrics, the page, or `http`."""
        provider = self.graph.components[binding.provider]
        endpoints = self.tool(provider).endpoints_in(provider.place)
        match binding.capability:
            case "metrics":
                return next((name for name, each in endpoints.items() if each.metrics), None)
            case "page":
                return next((name for name, each in endpoints.items() if each.page), None)
        return "http" if "http" in endpoints else next(iter(endpoints), None)

    def url(self, component: Component, endpoint: str) -> str:
        """Return the address of an endpoint, without a path."""
        return str(self._endpoint(component, endpoint, "url"))

    def _look_up(
        self, reference: Reference, component: Component, binding: Binding | None, more: Mapping[str, Value]
    ) -> Value:
        name = ".".join(reference.path)
        if name in more:
            return more[name]
        if not vocabulary.is_among(name, self._known_names(component, along_wire=binding is not None)):
            raise _problem(component, reference, "there is no such name")
        return self._find(reference.path, component, binding)

    def _known_names(self, component: Component, *, along_wire: bool) -> frozenset[str]:
        key = component.tool, along_wire
        if key not in self._names:
            tool, given = self.tool(component), ("wire",) if along_wire else ()
            folder = self.catalog.folder(component.tool)
            self._names[key] = vocabulary.names(tool, folder, self._find_bound, self.facts.where, given)
        return self._names[key]

    def _find_bound(self, capability: str) -> Capability | None:
        """Return a capability that a wire is for; the files of the others need not be read: all their attributes are absent."""
        wired = any(each.capability == capability for each in self.graph.bindings)
        return self.catalog.find_capability(capability) if wired else None

    def _find(self, path: tuple[str, ...], component: Component, binding: Binding | None) -> Value:
        found: Value | None
        match path:
            case ("name",):
                found = component.name
            case ("stack",):
                found = self.graph.stack
            case ("settings", name, *form):
                found = _setting(component.settings.get(name, ""), form)
            case ("secrets", name):
                found = Secret(component.name, name)
            case ("endpoints", name, "url" | "host" | "port" as what):
                found = self._endpoint(component, name, what)
            case ("consumer", what) if binding and what != "role":
                found = self._consumer(binding, what)
            case (requirement, "wires") if requirement in self.tool(component).requires:
                found = self.wires(component, requirement)
            case (requirement, attribute, *part) if requirement in self.tool(component).requires:
                bound = self.binding(component.name, requirement)
                found = self._get_provided(bound, attribute) if bound else ABSENT
                found = address_part(str(found), part[0]) if part else found
            case _:
                found = self.facts.find(path, component, binding)
        return ABSENT if found is None else found

    def _endpoint(self, component: Component, name: str, what: str) -> Value:
        if component.at:
            part = component.at if what == "url" else address_part(component.at, what)
            return part or (self.tool(component).endpoints[name].port if what == "port" else ABSENT)
        where = self.facts.host_and_port(component, name)
        if where is None:
            return ABSENT
        address = f"{self.tool(component).endpoints[name].scheme}://{where[0]}:{where[1]}"
        found: dict[str, Value] = {"url": address, "host": where[0], "port": where[1]}
        return found[what]

    def _consumer(self, binding: Binding, what: str) -> Value:
        match what:
            case "name":
                return binding.consumer
            case "requirement":
                return binding.name
            case "secret":
                return self.facts.secret_of(binding)
            case "password":
                return Secret(binding.consumer, binding.name, "login")
        return database_identifier(binding, self.graph, self.catalog)

    def _get_provided(self, binding: Binding, attribute: str) -> Value:
        """Return an attribute that the capability has, or else something of the wire itself."""
        if self.catalog.capability(binding.capability).has(attribute):
            return self.attribute(binding, attribute)
        own: dict[str, Value] = {"bound": True, "provider": binding.provider}
        return own[attribute] if attribute in own else self.facts.secret_of(binding)


def address_part(address: str, part: str) -> str | int | None:
    """Return a part of an address: `host`, `port`, or `plain` with the host where nothing is encrypted; None without one."""
    matched = re.match(r"([a-z]+)://([^/:]+)(?::(\d+))?", address)
    if matched is None:
        return None
    scheme, host, port = matched.groups()
    number = int(port) if port else _USUAL_PORTS.get(scheme)
    return {"host": host, "port": number, "plain": host if scheme == "http" else None}[part]


def ecr_repository(image: str) -> str | None:
    """Return the ARN of the repository in ECR that an image lies in; None when it lies elsewhere."""
    matched = re.match(r"(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([^:@]+)", image)
    if matched is None:
        return None
    account, region, name = matched.groups()
    partition = next((each for start, each in _PARTITIONS.items() if region.startswith(start)), "aws")
    return f"arn:{partition}:ecr:{region}:{account}:repository/{name}"


def _setting(value: Any, form: list[str]) -> Value:
    """Return a setting as it is, as text, before a slash unless it is empty, only if or whether it was given at all, or as a repository."""
    match form:
        case ["text"]:
            return "".join(map(str, as_text(value) or ()))
        case ["slash"]:
            return f"{value}/" if value else ""
        case ["given"]:
            return value if value != "" else ABSENT
        case ["repository"]:
            return ecr_repository(str(value)) or ABSENT
        case ["is_given"]:
            return True if value != "" else ABSENT
    found: Value = value
    return found


def _problem(component: Component, reference: Reference, reason: str) -> PlatinfraError:
    return PlatinfraError(
        Diagnostic("unknown-reference", f"the tool `{component.tool}` refers to {reference}: {reason}")
    )
