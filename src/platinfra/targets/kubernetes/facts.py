"""
What only a cluster knows of a stack: names of its objects, Services and hosts, and the cloud below it.

Names of Kubernetes objects follow from the graph, so they are written out. What only the cloud below knows stays a
Reference until it was asked; secrets stay a Secret, and only a Kubernetes Secret may hold one.
"""

from collections.abc import Mapping
from typing import Any

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.kubernetes import ClusterAddress, Existing, KubernetesRun
from platinfra.catalog.packages import PACKAGES
from platinfra.catalog.schema import Tool
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model import ground
from platinfra.model.graph import Binding, Component, Graph
from platinfra.model.reference import Secret, references
from platinfra.model.template import ABSENT, Absent, Value, holds_secret, parse_once
from platinfra.resolve.values import Values
from platinfra.targets.kubernetes import clients
from platinfra.targets.kubernetes.image_content import FOLDER, content_tag
from platinfra.targets.kubernetes.place import ClusterPlace, code_account

MAIN = "main"
PAGE = "page"
"""The capability of an endpoint that people look at."""
SIGN_IN = "sign_in"
"""The capability of those who vouch for people; the Secret with the client's own password is made by people."""
LOCAL_REGISTRY = "platinfra.invalid"
"""No registry: such images are on the nodes already, or nowhere (RFC 6761 keeps anybody from owning the name)."""
_NO_RECIPE = KubernetesRun()


def part_name(component: Component, key: str) -> str:
    """Return what a release or a workload is called: as its component, or with a name of its own behind it."""
    return component.name if key == MAIN else f"{component.name}-{key}"


class ClusterFacts:
    """Implements `Facts`."""

    where: ground.Place = "cluster"

    def __init__(self, graph: Graph, catalog: Catalog, place: ClusterPlace) -> None:
        """Prepare the evaluator."""
        self.graph = graph
        self.catalog = catalog
        self.place = place
        self.values: ClusterValues = Values(graph, catalog, self)

    def recipe(self, component: Component) -> KubernetesRun:
        """Return how a component runs in the cluster; a service of the cloud may only tell its consumers something."""
        return self.catalog.get(component.tool).run.kubernetes or _NO_RECIPE

    def existing(self, component: Component) -> Existing | None:
        """Return how a component is used that people have outside the cluster; None when it is in it, or of its cloud."""
        return None if component.is_service else self.recipe(component).existing

    def open_value(
        self,
        template: Any,
        component: Component,
        binding: Binding | None = None,
        more: Mapping[str, Value] | None = None,
    ) -> Any:
        """Return a template that everybody may read; raise PlatinfraError when it mentions a secret."""
        found = self.values.value(template, component, binding, more)
        if holds_secret(found):
            message = f"the tool `{component.tool}` puts a secret where everyone can read it"
            raise PlatinfraError(Diagnostic("secret-in-values", message, hint="name a Secret: `${secret.NAME}`"))
        return found

    def has_credentials(self, binding: Binding) -> bool:
        """Tell whether a wire has a Secret: where the capability or the provider's recipe names credentials."""
        provider = self.graph.components[binding.provider]
        named = binding.capability in self.recipe(provider).credentials
        return named or bool(self.catalog.capability(binding.capability).credentials)

    def secret_name(self, binding: Binding) -> str:
        """Return the name of the Secret with the credentials of one binding."""
        return f"{binding.consumer}-{binding.name}"

    def secret_of(self, binding: Binding) -> str | Absent:
        """Return the name of the Secret with the credentials of a wire that has any."""
        return self.secret_name(binding) if self.has_credentials(binding) else ABSENT

    def location(self, component: Component, endpoint: str) -> tuple[str, int, int]:
        """Return the Service of an endpoint, its port, and the port of the pods."""
        port = self.catalog.get(component.tool).endpoints[endpoint].port
        entry = self.recipe(component).places.get(endpoint, ClusterAddress())
        host = str(self.values.value(entry.host, component))
        return host, entry.port or port, entry.target or port

    def host(self, component: Component, endpoint: str) -> str:
        """Return the name by which an endpoint is found in the cluster, from any namespace."""
        name = self.location(component, endpoint)[0]
        return name if "." in name else f"{name}.{self.place.namespace}.svc.cluster.local"

    def host_and_port(self, component: Component, endpoint: str) -> tuple[str, int]:
        """Return where an endpoint is found in the cluster."""
        return self.host(component, endpoint), self.location(component, endpoint)[1]

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

    def image(self, component: Component) -> str:
        """Return the name of the image that is built for a component's tool; other content is another image."""
        registry = self.place.deployment.registry or LOCAL_REGISTRY
        return f"{registry}/{component.tool}:{content_tag(self.catalog, component.tool)}"

    def endpoints_of(self, binding: Binding) -> list[str]:
        """Return the endpoints that a wire opens: those that the provider tells the consumer of."""
        provider = self.graph.components[binding.provider]
        told = self.provides(self.catalog.get(provider.tool), binding.capability)
        mentioned = [each.path for text in told.values() for each in references(parse_once(text))]
        named = [path[1] for path in mentioned if path[0] == "endpoints"]
        usual = self.values.endpoint_of(binding)
        return list(dict.fromkeys(named or ([usual] if usual else [])))

    def provides(self, tool: Tool, capability: str) -> Mapping[Any, str]:
        """Return the attributes that the recipe tells, and the tool's own beside them."""
        told = (tool.run.kubernetes or _NO_RECIPE).provides
        return {**tool.provides.get(capability, {}), **told.get(capability, {})}

    def find_outside(self, binding: Binding, name: str) -> Value | None:
        """Return an attribute of what is outside the cluster, unless the recipe tells it."""
        provider = self.graph.components[binding.provider]
        own: Mapping[Any, str] = self.recipe(provider).provides.get(binding.capability, {})
        if name in own:
            return None
        if existing := self.existing(provider):
            texts: Mapping[Any, str] = existing.provides.get(binding.capability, {})
            told: Value = self.values.value(texts.get(name, ""), provider, binding) or ABSENT
            return told
        if self.place.cloud is not None and provider.is_service:
            return self.place.cloud.attribute(binding, name)
        return None

    def find(self, path: tuple[str, ...], component: Component, binding: Binding | None) -> Value | None:
        """Return a name of the cluster, of an object in it, or of the cloud below."""
        found: Value | None
        match path:
            case ("file", *name):
                found = (self.catalog.folder(component.tool) / ".".join(name)).read_text()
            case ("clients", form):
                found = clients.FORMS[form](component, self.values)
            case ("secret", name):
                held = self.values.value(self.recipe(component).secrets[name], component)
                found = f"{component.name}-{name}" if held else ABSENT
            case ("given", name):
                existing = self.existing(component)
                found = Secret(self.values.value(existing.secret, component), name, "given") if existing else ABSENT
            case ("administrator", name):
                found = Secret(component.name, name, "administrator")
            case ("endpoints", name, "target"):
                found = self.location(component, name)[2]
            case ("endpoints", name, "names"):
                found = self._names(component, name)
            case ("route", what):
                found = self._route(component, what)
            case ("wire" | "cloud" as about, name):
                found = self._of_cloud(name, binding if about == "wire" else None)
            case ("image",):
                found = self.image(component)
            case _:
                found = self._of_place(component)[".".join(path)]
        return found

    def _of_place(self, component: Component) -> Mapping[str, str | None]:
        """Return what the stack's namespace and the settings of the deployment are to every component."""
        return {
            "account": component.name,
            "code.account": code_account(component),
            "namespace": self.place.namespace,
            "registry": self.place.deployment.registry,
            "storage_class": str(component.settings.get("storage_class") or "") or self.place.deployment.storage_class,
            "folder": f"{FOLDER}/{component.tool}",
            "packages": f"{FOLDER}/{PACKAGES}",
        }

    def _of_cloud(self, name: str, binding: Binding | None) -> Value | None:
        """Return what the cloud below tells along a wire, or of itself."""
        cloud = self.place.cloud
        if cloud is None:
            return self.values.attribute(binding, name) if binding else None
        return cloud.attribute(binding, name) if binding else cloud.fact(name)

    def _names(self, component: Component, endpoint: str) -> str:
        """Return the names of an endpoint, for tools that answer only to names they were told."""
        host, port = self.host_and_port(component, endpoint)
        return ",".join(each for each in (host, f"{host}:{port}", self.route(component)) if each)

    def _route(self, component: Component, what: str) -> Value | None:
        """Return something of the route to a component's page; None without a route."""
        address = self.address(component)
        if address is None or what == "url":
            return address
        return self.route(component) if what == "host" else address.startswith("https:")


ClusterValues = Values[ClusterFacts]
