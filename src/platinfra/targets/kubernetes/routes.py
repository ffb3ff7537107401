"""The way from hosts to pages: a Gateway with its routes, or Ingresses; and the certificates."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from platinfra.model.graph import Binding, Component
from platinfra.sections.routes import Routes
from platinfra.targets.kubernetes import credentials
from platinfra.targets.kubernetes.facts import PAGE, SIGN_IN, ClusterValues
from platinfra.targets.kubernetes.place import metadata

Object = dict[str, Any]
GATEWAY = "gateway"
"""What the stack's own Gateway is called."""
_API = "gateway.networking.k8s.io/v1"
CONTROLLER = "gateway.envoyproxy.io/gatewayclass-controller"
"""The controller of Envoy Gateway's classes, as its chart sets it."""
_ENVOY = "gateway.envoyproxy.io"
_REDIRECT = 301
_SOLVER = {"acme.cert-manager.io/http01-solver": "true"}
SOLVER_PORT = 8089
"""Label and port of cert-manager's pods that answer a challenge over HTTP (its pkg/issuer/acme/http)."""


@dataclass(frozen=True, slots=True)
class Route:
    """The way to one page."""

    host: str
    page: str
    """The component whose page it is."""
    door: Component
    """The component that traffic is led to: the page's, or a proxy before it."""


def routes_of(values: ClusterValues) -> list[Route]:
    """Return the ways to the pages of a stack: one for each wire of what carries the traffic."""
    graph = values.graph
    found = []
    for each in graph.bindings:
        door = graph.components[each.provider]
        if is_traffic(each, values) and (host := values.facts.route(door)):
            behind = next((one.provider for one in graph.bindings_of(door.name) if one.name == PAGE), door.name)
            found.append(Route(host, behind, door))
    return found


def is_traffic(binding: Binding, values: ClusterValues) -> bool:
    """Tell whether a wire is that of people, through what carries their traffic."""
    return binding.capability == PAGE and GATEWAY in values.tool(values.graph.components[binding.consumer]).provides


def carriers(values: ClusterValues) -> list[str]:
    """Return the components that carry traffic."""
    return list(dict.fromkeys(each.consumer for each in values.graph.bindings if is_traffic(each, values)))


def source_namespace(carrier: Component, values: ClusterValues) -> str | None:
    """Return the namespace whose pods carry the traffic."""
    charts = values.facts.recipe(carrier).charts.values()
    own = next((each.namespace for each in charts if each.namespace), None)
    routes = values.facts.place.deployment.routes
    return own or (routes.from_namespace if routes else None)


def solver_labels(values: ClusterValues) -> dict[str, str] | None:
    """Return the labels of the pods by which cert-manager shows that it owns a host, where it may have to."""
    settings = values.facts.place.deployment.routes
    if not (settings and settings.tls and settings.tls.issuer and routes_of(values)):
        return None
    return None if _brings_issuer(values) else dict(_SOLVER)


def _brings_issuer(values: ClusterValues) -> bool:
    """Tell whether the issuer comes with the stack: a cloud's proves hosts by DNS records."""
    cloud = values.facts.place.cloud
    found = (cloud.objects(each) for each in values.graph.components.values()) if cloud else ()
    return any(each["kind"] == "ClusterIssuer" for objects in found for each in objects)


def given_secrets(values: ClusterValues) -> dict[str, frozenset[str]]:
    """Return the Secrets that people make themselves for routes, sign-in and servers elsewhere: name to the entries it needs."""
    found = credentials.of_servers(values)
    for each in values.graph.bindings:
        if each.capability == SIGN_IN and (name := values.attribute(each, "secret")):
            found[str(name)] = frozenset({"client-id", "client-secret"})
    tls = values.facts.place.deployment.routes.tls if values.facts.place.deployment.routes else None
    if tls is not None and tls.secret and routes_of(values):
        found[tls.secret] = frozenset({"tls.crt", "tls.key"})
    return found


def objects(values: ClusterValues) -> tuple[Object, ...]:
    """Return the objects that lead people to the pages, with their certificates."""
    settings, found = values.facts.place.deployment.routes, routes_of(values)
    if settings is None or not found:
        return ()
    made = _Made(values, settings, found)
    ways = made.ingresses() if settings.ingress_class else made.gateway_and_routes()
    return (*made.certificates(), *ways)


class _Made:
    """The objects of the routes of one stack."""

    def __init__(self, values: ClusterValues, settings: Routes, routes: list[Route]) -> None:
        self.values = values
        self.settings = settings
        self.routes = routes

    def certificates(self) -> Iterator[Object]:
        """Yield what cert-manager makes certificates of."""
        tls = self.settings.tls
        if tls is None or tls.issuer is None:
            return
        for route in self.routes:
            issuer = {"group": "cert-manager.io", "kind": tls.issuer_kind, "name": tls.issuer}
            spec = {"secretName": self.secret(route), "dnsNames": [route.host], "issuerRef": issuer}
            yield self.make("cert-manager.io/v1", "Certificate", f"{route.page}-route", route, spec)

    def secret(self, route: Route) -> str | None:
        """Return the Secret with the certificate of a host."""
        tls = self.settings.tls
        return None if tls is None else tls.secret or f"{route.page}-route-tls"

    def ingresses(self) -> Iterator[Object]:
        """Yield one Ingress for each page."""
        for route in self.routes:
            name, port = self.service(route)
            backend = {"service": {"name": name, "port": {"number": port}}}
            path = {"path": "/", "pathType": "Prefix", "backend": backend}
            spec: Object = {"ingressClassName": self.settings.ingress_class}
            if secret := self.secret(route):
                spec["tls"] = [{"hosts": [route.host], "secretName": secret}]
            spec["rules"] = [{"host": route.host, "http": {"paths": [path]}}]
            yield self.make("networking.k8s.io/v1", "Ingress", route.page, route, spec)

    def gateway_and_routes(self) -> Iterator[Object]:
        """Yield the Gateway, unless the cluster has it, and the routes that belong to it."""
        if self.settings.gateway is None:
            yield from self.gateway()
        for route in self.routes:
            name, port = self.service(route)
            rule: Object = {"backendRefs": [{"name": name, "port": port}]}
            if self.settings.elsewhere is None:
                # Envoy would end requests after 15 seconds: models are uploaded, and pages listen for news.
                rule["timeouts"] = {"request": "0s"}
            yield self.route(route.page, route, self.parent("https" if self.secret(route) else "http", route), rule)
            if self.secret(route):
                to_https = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": _REDIRECT}}
                rule = {"filters": [to_https]}
                yield self.route(f"{route.page}-redirect", route, self.parent("http", route), rule)

    def gateway(self) -> Iterator[Object]:
        """Yield the stack's own Gateway; its class is ours where Envoy Gateway came with the stack."""
        place = self.values.facts.place
        chosen = self.settings.gateway_class
        if chosen is None:
            meta = {"name": place.namespace, "labels": place.labels()}
            yield {"apiVersion": _API, "kind": "GatewayClass", "metadata": meta, "spec": {"controllerName": CONTROLLER}}
        if parameters := self.parameters():
            yield parameters
        listeners = [each for route in self.routes for each in self.listeners(route)]
        spec: Object = {"gatewayClassName": chosen or place.namespace, "listeners": listeners}
        if parameters:
            named = {"group": _ENVOY, "kind": parameters["kind"], "name": parameters["metadata"]["name"]}
            spec["infrastructure"] = {"parametersRef": named}
        yield {"apiVersion": _API, "kind": "Gateway", "metadata": metadata(GATEWAY, place), "spec": spec}

    def parameters(self) -> Object | None:
        """Return what Envoy Gateway is told of its load balancer: where it is reached from, and by whom."""
        place = self.values.facts.place
        service: Object = {}
        if place.cloud is not None:
            service["annotations"] = dict(place.cloud.load_balancer(self.settings.scheme))
        if self.settings.allow:
            service["loadBalancerSourceRanges"] = list(self.settings.allow)
        if self.settings.elsewhere is not None or not service:
            return None
        spec = {"provider": {"type": "Kubernetes", "kubernetes": {"envoyService": service}}}
        return {
            "apiVersion": f"{_ENVOY}/v1alpha1",
            "kind": "EnvoyProxy",
            "metadata": metadata(GATEWAY, place),
            "spec": spec,
        }

    def listeners(self, route: Route) -> Iterator[Object]:
        """Yield the listeners of a host: for HTTP, and for HTTPS where there is a certificate."""
        same: Object = {"hostname": route.host, "allowedRoutes": {"namespaces": {"from": "Same"}}}
        yield {"name": f"http-{route.page}", "port": 80, "protocol": "HTTP", **same}
        if secret := self.secret(route):
            tls = {"mode": "Terminate", "certificateRefs": [{"kind": "Secret", "name": secret}]}
            yield {"name": f"https-{route.page}", "port": 443, "protocol": "HTTPS", **same, "tls": tls}

    def parent(self, protocol: str, route: Route) -> Object:
        """Return the Gateway that a route belongs to; which listener of an existing one, its hosts decide."""
        if self.settings.gateway is None:
            return {"name": GATEWAY, "sectionName": f"{protocol}-{route.page}"}
        namespace, _, name = self.settings.gateway.partition("/")
        return {"namespace": namespace, "name": name}

    def service(self, route: Route) -> tuple[str, int]:
        """Return the Service of a route and its port."""
        endpoints = self.values.tool(route.door).endpoints
        name = next(name for name, each in endpoints.items() if each.page)
        host, port, _ = self.values.facts.location(route.door, name)
        return host, port

    def route(self, name: str, route: Route, parent: Object, rule: Object) -> Object:
        """Return an HTTPRoute."""
        spec = {"parentRefs": [parent], "hostnames": [route.host], "rules": [rule]}
        return self.make(_API, "HTTPRoute", name, route, spec)

    def make(self, version: str, kind: str, name: str, route: Route, spec: Object) -> Object:
        """Return an object in the stack's namespace that counts to a page."""
        component = self.values.graph.components[route.page]
        meta = metadata(name, self.values.facts.place, component)
        return {"apiVersion": version, "kind": kind, "metadata": meta, "spec": spec}
