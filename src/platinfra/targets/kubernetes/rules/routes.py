"""What an Ingress, an HTTPRoute or a GRPCRoute leads to."""

from collections.abc import Iterator

from platinfra.diagnostics import did_you_mean
from platinfra.targets.kubernetes.rules.field import Field
from platinfra.targets.kubernetes.rules.inventory import Inventory
from platinfra.targets.kubernetes.rules.labels import selects
from platinfra.targets.kubernetes.rules.resource import Problem, Resource

INGRESS = "networking.k8s.io/Ingress"
GATEWAY = "gateway.networking.k8s.io/Gateway"
ROUTES = ("gateway.networking.k8s.io/HTTPRoute", "gateway.networking.k8s.io/GRPCRoute")
_GRANT = "gateway.networking.k8s.io/ReferenceGrant"


def ingresses_have_backends(inventory: Inventory) -> Iterator[Problem]:
    """Report Ingresses that lead to a Service or a port that does not exist."""
    for each in inventory.of(INGRESS):
        backends = [*each.root.find("spec", "defaultBackend", "service")]
        backends += each.root.find("spec", "rules", "*", "http", "paths", "*", "backend", "service")
        for backend in backends:
            port = backend.at("port", "name") if backend.at("port", "name").present else backend.at("port", "number")
            yield from _service(inventory, each, each.namespace, backend.at("name"), port)


def routes_have_backends(inventory: Inventory) -> Iterator[Problem]:
    """Report routes that lead to a Service or a port that does not exist, or to one in a namespace that does not grant it."""
    for each in inventory.of(*ROUTES):
        backends = [*each.root.find("spec", "rules", "*", "backendRefs", "*")]
        backends += each.root.find("spec", "rules", "*", "filters", "*", "requestMirror", "backendRef")
        for backend in (place for place in backends if (place.at("kind").text or "Service") == "Service"):
            namespace = backend.at("namespace").text or each.namespace
            if not backend.at("port").present:
                message = "a Service is named with its port"
                yield each.problem("missing-service-port", backend.at("port"), message, "write `port`")
            yield from _service(inventory, each, namespace, backend.at("name"), backend.at("port"))
            if namespace != each.namespace and not _is_granted(inventory, each, namespace):
                message = f"the namespace `{namespace}` does not allow routes from `{each.namespace}`"
                hint = f"add a ReferenceGrant to `{namespace}`, or move the route there"
                yield each.problem("missing-reference-grant", backend.at("namespace"), message, hint)


def routes_have_parents(inventory: Inventory) -> Iterator[Problem]:
    """Report routes without a Gateway, and those that their Gateway does not take."""
    for each in inventory.of(*ROUTES):
        parents = list(each.root.find("spec", "parentRefs", "*"))
        if not parents:
            message = "the route belongs to no Gateway, so it has no effect"
            yield each.problem("missing-gateway", each.at("spec", "parentRefs"), message, "write `parentRefs`")
        for parent in parents:
            if (parent.at("kind").text or "Gateway") == "Gateway":
                yield from _parent(inventory, each, parent)


def _parent(inventory: Inventory, route: Resource, parent: Field) -> Iterator[Problem]:
    namespace, name = parent.at("namespace").text or route.namespace, parent.at("name")
    if not inventory.has(GATEWAY, namespace, name.text):
        message = f"nothing creates the Gateway `{namespace}/{name.text}`"
        yield route.problem("missing-gateway", name, message, "add the Gateway, or name one that exists")
        return
    gateway = inventory.find(GATEWAY, namespace, name.text)
    if gateway is not None:
        section = parent.at("sectionName")
        listeners = [
            each for each in gateway.at("spec", "listeners").each() if section.text in {"", each.at("name").text}
        ]
        if not listeners:
            message = f"the Gateway `{name.text}` has no listener `{section.text}`"
            yield route.problem("missing-gateway", section, message, "name one of its listeners")
        elif not any(_lets_in(inventory, gateway, each, route) for each in listeners):
            message = f"the Gateway `{namespace}/{name.text}` allows no routes from the namespace `{route.namespace}`"
            yield route.problem("missing-gateway", name, message, "widen `allowedRoutes` of its listener")


def _lets_in(inventory: Inventory, gateway: Resource, listener: Field, route: Resource) -> bool:
    """Tell whether a listener takes a route; a selector is not judged when the route's namespace is not among the objects."""
    spaces = listener.at("allowedRoutes", "namespaces")
    match spaces.at("from").text or "Same":
        case "Same":
            return route.namespace == gateway.namespace
        case "Selector":
            namespace = inventory.find("Namespace", "", route.namespace)
            labels = {"kubernetes.io/metadata.name": route.namespace, **(namespace.labels if namespace else {})}
            return namespace is None or selects(spaces.at("selector"), labels)
        case "None":
            return False
    return True


def _service(inventory: Inventory, route: Resource, namespace: str, name: Field, port: Field) -> Iterator[Problem]:
    if not inventory.has("Service", namespace, name.text):
        near = did_you_mean(name.text, {each.name for each in inventory.all("Service", namespace)})
        message = f"nothing creates the Service `{namespace}/{name.text}`"
        yield route.problem("missing-service", name, message, near or "add the Service, or name one that exists")
        return
    service = inventory.find("Service", namespace, name.text)
    ports = [] if service is None else list(service.at("spec", "ports").each())
    field = "name" if port.text else "port"
    if ports and port.present and not any(each.at(field).value == port.value for each in ports):
        offered = ", ".join(str(each.at("port").value) for each in ports)
        message = f"the Service `{name.text}` has no port `{port.value}`"
        yield route.problem("missing-service-port", port, message, f"it has {offered}")


def _is_granted(inventory: Inventory, route: Resource, namespace: str) -> bool:
    return any(
        (each.at("kind").text, each.at("namespace").text) == (route.kind, route.namespace)
        for grant in inventory.all(_GRANT, namespace)
        for each in grant.at("spec", "from").each()
    )
