"""
What references stand for in a cluster.

Names of Kubernetes objects follow from the graph, so they are written out. What only the cloud below knows stays a
Reference until it was asked; secrets stay a Secret, and only a Kubernetes Secret may hold one.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.kubernetes import Existing, KubernetesRun
from platinfra.catalog.kubernetes import Place as PlaceEntry
from platinfra.catalog.schema import Tool
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.graph import Binding, Component, Graph
from platinfra.model.reference import GIVEN, Reference, Secret, references, secrets
from platinfra.model.template import ABSENT, as_text, fill, parse_once
from platinfra.resolve.identifiers import database_identifier
from platinfra.targets.kubernetes import clients
from platinfra.targets.kubernetes.image_content import FOLDER, content_tag
from platinfra.targets.kubernetes.place import Place

MAIN = "main"
PAGE = "page"
"""The capability of an endpoint that people look at."""
SIGN_IN = "sign_in"
"""The capability of those who vouch for people; the Secret with the client's own password is made by people."""
LOCAL_REGISTRY = "platinfra.invalid"
"""No registry: such images are on the nodes already, or nowhere (RFC 6761 keeps anybody from owning the name)."""
_HTTP, _HTTPS = 80, 443
_UNKNOWN = object()
_NO_RECIPE = KubernetesRun()


class Values:
    """Looks up references for the components of one graph."""

    def __init__(self, graph: Graph, catalog: Catalog, place: Place) -> None:
        """Prepare the look-up table of bindings."""
        self.graph = graph
        self.catalog = catalog
        self.place = place
        self._bound = {(each.consumer, each.name): each for each in graph.bindings}

    def tool(self, component: Component) -> Tool:
        """Return the tool of a component."""
        return self.catalog.get(component.tool)

    def recipe(self, component: Component) -> KubernetesRun:
        """Return how a component runs in the cluster; a service of the cloud may only tell its consumers something."""
        return self.tool(component).run.kubernetes or _NO_RECIPE

    def existing(self, component: Component) -> Existing | None:
        """Return how a component is used that people have outside the cluster; None when it is in it, or of its cloud."""
        return None if component.is_service else self.recipe(component).existing

    def value(
        self,
        template: Any,
        component: Component,
        binding: Binding | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return a template with its references replaced; `more` are names that mean something here only."""
        return fill(template, lambda reference: self._lookup(reference, component, binding, more or {}))

    def open_value(self, template: Any, component: Component, more: Mapping[str, Any] | None = None) -> Any:
        """Return a template that everybody may read; raise PlatinfraError when it mentions a secret."""
        found = self.value(template, component, more=more)
        if _holds_secret(found):
            message = f"the tool `{component.tool}` puts a secret where everyone can read it"
            raise PlatinfraError(Diagnostic("secret-in-values", message, hint="name a Secret: `${secret.NAME}`"))
        return found

    def binding(self, component: str, requirement: str) -> Binding | None:
        """Return the only binding of a requirement; None when it is unbound."""
        return self._bound.get((component, requirement))

    def has_credentials(self, binding: Binding) -> bool:
        """Tell whether a wire has a Secret: where the capability or the provider's recipe names credentials."""
        provider = self.graph.components[binding.provider]
        named = binding.capability in self.recipe(provider).credentials
        return named or bool(self.catalog.capability(binding.capability).credentials)

    def secret_name(self, binding: Binding) -> str:
        """Return the name of the Secret with the credentials of one binding."""
        return f"{binding.consumer}-{binding.name}"

    def location(self, component: Component, endpoint: str) -> tuple[str, int, int]:
        """Return the Service of an endpoint, its port, and the port of the pods."""
        port = self.tool(component).endpoints[endpoint].port
        entry = self.recipe(component).places.get(endpoint, PlaceEntry())
        host = str(self.value(entry.host, component))
        return host, entry.port or port, entry.target or port

    def url(self, component: Component, endpoint: str) -> str:
        """Return the address of an endpoint inside the cluster, without a path."""
        scheme = self.tool(component).endpoints[endpoint].scheme
        return f"{scheme}://{self.host(component, endpoint)}:{self.location(component, endpoint)[1]}"

    def host(self, component: Component, endpoint: str) -> str:
        """Return the name by which an endpoint is found in the cluster, from any namespace."""
        name = self.location(component, endpoint)[0]
        return name if "." in name else f"{name}.{self.place.namespace}.svc.cluster.local"

    def route(self, component: Component) -> str | None:
        """Return the host at which people find a component's page; a proxy's is that of the page behind it."""
        routes = self.place.deployment.routes
        if routes is None or not any(each.capability == PAGE for each in self.graph.bindings_to(component.name)):
            return None
        before = next((each for each in self.graph.bindings_of(component.name) if each.name == PAGE), None)
        return routes.host_of(before.provider if before else component.name)

    def address(self, component: Component) -> str | None:
        """Return the address at which people find a component's page; None without a route."""
        routes, host = self.place.deployment.routes, self.route(component)
        return f"http{'s' if routes.is_https(host) else ''}://{host}" if routes and host else None

    def client_env(self, component: Component) -> dict[str, Any]:
        """Return the variables of the clients of everything that a component's own code uses."""
        return clients.env(component, self)

    def image(self, component: Component) -> str:
        """Return the name of the image that is built for a component's tool; other content is another image."""
        registry = self.place.deployment.registry or LOCAL_REGISTRY
        return f"{registry}/{component.tool}:{content_tag(self.catalog, component.tool)}"

    def attribute(self, binding: Binding, name: str) -> Any:
        """Return what a provider tells one consumer; None when it does not tell it."""
        provider = self.graph.components[binding.provider]
        told = {str(key): each for key, each in self.recipe(provider).provides.get(binding.capability, {}).items()}
        if name in told:
            return self.value(told[name], provider, binding)
        if existing := self.existing(provider):
            texts = {str(key): each for key, each in existing.provides.get(binding.capability, {}).items()}
            return self.value(texts[name], provider, binding) or None if name in texts else None
        if self.place.cloud is not None and provider.is_service:
            return self.place.cloud.attribute(binding, name)
        usual = {str(key): each for key, each in self.tool(provider).provides.get(binding.capability, {}).items()}
        if name in usual:
            return self.value(usual[name], provider, binding)
        endpoint = self.endpoint_of(binding)
        return self._endpoint(provider, endpoint, name) if endpoint and name in {"url", "host", "port"} else None

    def endpoint_of(self, binding: Binding) -> str | None:
        """Return the endpoint by which a capability is used: the one with metrics, or `http`."""
        endpoints = self.tool(self.graph.components[binding.provider]).endpoints
        if binding.capability == "metrics":
            return next((name for name, each in endpoints.items() if each.metrics), None)
        if binding.capability == PAGE:
            return next((name for name, each in endpoints.items() if each.page), None)
        return "http" if "http" in endpoints else next(iter(endpoints), None)

    def endpoints_of(self, binding: Binding) -> list[str]:
        """Return the endpoints that a wire opens: those that the provider tells the consumer of."""
        provider = self.graph.components[binding.provider]
        told = {
            **self.tool(provider).provides.get(binding.capability, {}),
            **self.recipe(provider).provides.get(binding.capability, {}),
        }
        mentioned = [each.path for text in told.values() for each in references(parse_once(text))]
        named = [path[1] for path in mentioned if path[0] == "endpoints"]
        usual = self.endpoint_of(binding)
        return list(dict.fromkeys(named or ([usual] if usual else [])))

    def _lookup(
        self, reference: Reference, component: Component, binding: Binding | None, more: Mapping[str, Any]
    ) -> Any:
        if ".".join(reference.path) in more:
            return more[".".join(reference.path)]
        for find in (self._look_at_place, self._own, self._look_along_wires):
            found = find(reference.path, component, binding)
            if found is not _UNKNOWN:
                return found
        message = f"the tool `{component.tool}` refers to {reference}: there is no such name on Kubernetes"
        raise PlatinfraError(Diagnostic("unknown-reference", message))

    def _look_at_place(self, path: tuple[str, ...], component: Component, _binding: Binding | None) -> Any:
        """Look among what the place gives to every component."""
        given: dict[tuple[str, ...], Any] = {
            ("name",): component.name,
            ("account",): component.name,
            ("stack",): self.graph.stack,
            ("namespace",): self.place.namespace,
            ("registry",): self.place.deployment.registry,
            ("storage_class",): self.place.deployment.storage_class,
            ("image",): self.image,
            ("folder",): f"{FOLDER}/{component.tool}",
        }
        if path[0] == "cloud" and self.place.cloud is not None:
            return self.place.cloud.fact(path[1])
        if path[0] == "given":
            existing = self.existing(component)
            return existing and Secret(self.value(existing.secret, component), f"{GIVEN}{path[1]}")
        if path[0] == "file":
            return (self.catalog.folder(component.tool) / ".".join(path[1:])).read_text()
        if path[0] == "clients" and path[1] in clients.FORMS:
            return clients.FORMS[path[1]](component, self)
        found = given.get(path, _UNKNOWN)
        return found(component) if callable(found) else found

    def _own(self, path: tuple[str, ...], component: Component, _binding: Binding | None) -> Any:
        """Look among what the component's tool declares."""
        tool = self.tool(component)
        match path:
            case ("settings", name, *how) if name in tool.settings:
                return _setting(component.settings.get(name, ""), how)
            case ("secrets", name) if name in tool.secrets:
                return Secret(component.name, name)
            case ("secret", name) if name in self.recipe(component).secrets:
                held = self.value(self.recipe(component).secrets[name], component)
                return f"{component.name}-{name}" if held else None
            case ("endpoints", name, what) if name in tool.endpoints:
                return self._endpoint(component, name, what)
            case ("route", what):
                return self._route(component, what)
        return _UNKNOWN

    def _route(self, component: Component, what: str) -> Any:
        """Return something of the route to a component's page; None without a route."""
        address = self.address(component)
        match what:
            case "host":
                return self.route(component)
            case "url":
                return address
            case "https":
                return address and address.startswith("https:")
        return _UNKNOWN

    def _endpoint(self, component: Component, name: str, what: str) -> Any:
        match what:
            case "url":
                return self.url(component, name)
            case "host":
                return self.host(component, name)
            case "port":
                return self.location(component, name)[1]
            case "target":
                return self.location(component, name)[2]
            case "names":  # for tools that answer only to names they were told
                inside = self.host(component, name)
                known = (inside, f"{inside}:{self.location(component, name)[1]}", self.route(component))
                return ",".join(each for each in known if each)
        return _UNKNOWN

    def _look_along_wires(self, path: tuple[str, ...], component: Component, binding: Binding | None) -> Any:
        """Look along the wires."""
        match path:
            case ("consumer", name) if binding is not None:
                return self._consumer(binding, name)
            case ("wire", name) if binding is not None:
                cloud = self.place.cloud
                return cloud.attribute(binding, name) if cloud is not None else self.attribute(binding, name)
            case ("administrator", "username" | "password" as name) if binding is not None:
                return Secret(component.name, f"administrator-{name}")
            case (requirement, attribute) if requirement in self.tool(component).requires:
                return self._get_provided(component, requirement, attribute)
            case (requirement, attribute, part) if requirement in self.tool(component).requires:
                found = self._get_provided(component, requirement, attribute)
                return None if found is None or found is ABSENT else address_part(str(found), part)
        return _UNKNOWN

    def _get_provided(self, component: Component, requirement: str, attribute: str) -> Any:
        binding = self.binding(component.name, requirement)
        if binding is None:
            return None
        match attribute:
            case "bound":
                return True
            case "secret" if self.has_credentials(binding):
                return self.secret_name(binding)
            case "secret" if binding.capability != SIGN_IN:
                return ABSENT
            case "provider":
                return binding.provider
        found = self.attribute(binding, attribute)
        return ABSENT if found is None else found

    def _consumer(self, binding: Binding, name: str) -> Any:
        match name:
            case "name":
                return binding.consumer
            case "requirement":
                return binding.name
            case "secret":
                return self.secret_name(binding)
            case "username" | "database":
                return database_identifier(binding, self.graph, self.catalog)
            case "password":
                return Secret(binding.consumer, f"{binding.name}-password")
        return _UNKNOWN


def address_part(address: str, part: str) -> Any:
    """Return a part of an address: `host`, `port`, or `plain` with the host where nothing is encrypted."""
    matched = re.match(r"(https?)://([^/:]+)(?::(\d+))?", address)
    if matched is None:
        return None
    scheme, host, port = matched.groups()
    usual = _HTTPS if scheme == "https" else _HTTP
    return {"host": host, "port": int(port or usual), "plain": host if scheme == "http" else None}.get(part, _UNKNOWN)


def _setting(value: Any, how: Sequence[str]) -> Any:
    """Return a setting as it is, as text for charts, before a slash unless it is empty, only if or whether it was given at all."""
    match how:
        case []:
            return value
        case ["text"]:
            return "".join(map(str, as_text(value) or ()))
        case ["slash"]:
            return f"{value}/" if value else ""
        case ["given"]:
            return value if value != "" else None
        case ["is_given"]:
            return True if value != "" else None
    return _UNKNOWN


def _holds_secret(value: Any) -> bool:
    match value:
        case Secret():
            return True
        case tuple():
            return any(True for _ in secrets(value))
        case dict():
            return any(_holds_secret(each) for each in value.values())
        case list():
            return any(_holds_secret(each) for each in value)
    return False
