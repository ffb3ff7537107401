"""
Who may talk to whom: nobody, but along the wires.

Every wire opens the provider's ports to the consumer on both sides. Whatever lies outside the cluster can only be
named by its addresses, which for services of a cloud are not known: those openings have a reason each.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from platinfra.model.graph import Binding, Component
from platinfra.resolve.values import address_part
from platinfra.targets.kubernetes.admissions import labels_of_jobs
from platinfra.targets.kubernetes.facts import SIGN_IN, ClusterValues, part_name
from platinfra.targets.kubernetes.place import code_account, metadata
from platinfra.targets.kubernetes.routes import (
    SOLVER_PORT,
    carriers,
    is_traffic,
    solver_labels,
    source_namespace,
)

Object = dict[str, Any]
ANYWHERE = "0.0.0.0/0"
IDENTITY_AGENT = "169.254.170.23/32"
"""The agent of EKS Pod Identity, the same on every node."""
METADATA = "169.254.169.254/32"
"""The metadata of a node, with the node's own credentials: no pod reaches it."""
_API_PORTS = [443, 6443]
_DNS = 53
_HTTPS = 443


@dataclass(frozen=True, slots=True)
class Opening:
    """An egress opening to somewhere outside the stack, and why it has to be that wide."""

    component: str
    to: str
    ports: tuple[int, ...]
    reason: str


def objects(values: ClusterValues) -> Iterator[Object]:
    """Yield the policies of a stack: everything closed, names for all, and the wires."""
    yield _policy("default-deny", values, None, {}, ingress=[], egress=[])
    yield _policy("names", values, None, {}, egress=[{"to": _names(), "ports": [_port(_DNS, "UDP"), _port(_DNS)]}])
    if (labels := solver_labels(values)) is not None:
        found = (values.graph.components[each] for each in carriers(values))
        peers = [peer for each in found for peer in _traffic(each, values)]
        ingress: list[Object] = [{"from": peers, "ports": [_port(SOLVER_PORT)]}]
        yield _policy("challenges", values, None, _by_labels(labels), ingress=ingress, egress=[])
    for component in values.graph.components.values():
        for number, selector in enumerate(own_pods(component, values)):
            name = component.name if number == 0 else f"{component.name}-{number}"
            ingress, egress = _ingress(component, values), _egress(component, values)
            yield _policy(name, values, component, selector, ingress=ingress, egress=egress)
        for selector in _code_pods(component, values):
            ingress, egress = _ingress_of_code(component, values), _egress_of_code(component, values)
            yield _policy(code_account(component), values, component, selector, ingress=ingress, egress=egress)
        if admitting := list(dict.fromkeys(_admitting(component, values))):
            egress = [_outside(each) for each in admitting]
            yield _policy(
                f"{component.name}-grants", values, component, _by_labels(labels_of_jobs(component)), egress=egress
            )


def selectors(component: Component, values: ClusterValues) -> list[dict[str, str]]:
    """Return the labels of a component's pods, one set for each kind of pods in the stack's namespace."""
    return [*job_selectors(component, values), *lasting_selectors(component, values)]


def job_selectors(component: Component, values: ClusterValues) -> list[dict[str, str]]:
    """Return the labels of the pods that come and go with a component's jobs."""
    return [values.value(each, component) for each in values.facts.recipe(component).jobs]


def lasting_selectors(component: Component, values: ClusterValues) -> list[dict[str, str]]:
    """Return the labels of the pods that are there as long as a component is."""
    recipe = values.facts.recipe(component)
    found = [values.value(each, component) for each in recipe.pods]
    if recipe.workloads:
        found.append({"app.kubernetes.io/instance": component.name})
    for key, chart in recipe.charts.items():
        if chart.namespace is None:
            found.append(values.value(chart.pods, component, more={"release": part_name(component, key)}))
    return [each for number, each in enumerate(found) if each not in found[:number]]


def code_labels(component: Component, values: ClusterValues) -> list[dict[str, str]]:
    """Return the labels of a component's pods with people's code, where these are apart from its own."""
    code = values.facts.recipe(component).code
    return [{**each, **code.labels} for each in selectors(component, values)] if code else []


def own_pods(component: Component, values: ClusterValues) -> list[Object]:
    """Return what selects a component's pods, without those that run people's code."""
    code = values.facts.recipe(component).code
    others = (
        [{"key": key, "operator": "NotIn", "values": [value]} for key, value in code.labels.items()] if code else []
    )
    apart = {"matchExpressions": others} if others else {}
    return [{**_by_labels(each), **apart} for each in selectors(component, values)]


def _code_pods(component: Component, values: ClusterValues) -> list[Object]:
    return [_by_labels(each) for each in code_labels(component, values)]


def _by_labels(labels: dict[str, str]) -> Object:
    return {"matchLabels": labels}


def openings(component: Component, values: ClusterValues) -> Iterator[Opening]:
    """Yield what a component reaches outside the stack, its pods with people's code included."""
    yield from _own_openings(component, values)
    yield from openings_of_code(component, values)


def _own_openings(component: Component, values: ClusterValues) -> Iterator[Opening]:
    recipe, name = values.facts.recipe(component), component.name
    if component.is_service:
        yield from _admitting(component, values)
        return
    if recipe.rbac:
        yield Opening(name, ANYWHERE, tuple(_API_PORTS), "the Kubernetes API, whose address only the cluster knows")
    for each in recipe.outside:
        yield Opening(name, ANYWHERE, tuple(each.ports), each.reason)
    yield from _to_cloud(component, values, code=False)


def openings_of_code(component: Component, values: ClusterValues) -> Iterator[Opening]:
    """Yield what pods with people's code reach outside the stack, where they are apart from the component's own."""
    recipe = values.facts.recipe(component)
    if recipe.code is not None:
        for each in recipe.outside:
            yield Opening(code_account(component), ANYWHERE, tuple(each.ports), each.reason)
        yield from _to_cloud(component, values, code=True)


def _to_cloud(component: Component, values: ClusterValues, *, code: bool) -> Iterator[Opening]:
    """Yield the way to a role of the cloud, and to the services that are wired to a component or to code in it."""
    name, cloud = code_account(component) if code else component.name, values.facts.place.cloud
    if cloud is not None and cloud.identifies(component, code=code):
        yield Opening(name, IDENTITY_AGENT, (80,), "the agent that hands out the pod's role")
    for binding in _wires(component, values, code=code):
        provider = values.graph.components[binding.provider]
        served = provider.is_service or not selectors(provider, values)
        if served and (provider.at or not values.facts.recipe(provider).client_only):
            chosen = f"are those of {provider.at}" if provider.at else "the cloud chooses"
            reason = f"{binding.provider}, whose addresses {chosen}"
            yield Opening(name, ANYWHERE, (_served_port(binding, values),), reason)


def _admitting(component: Component, values: ClusterValues) -> Iterator[Opening]:
    """Yield what the Jobs reach by which a service of the cloud admits its consumers: the service, and nothing else."""
    cloud, recipe = values.facts.place.cloud, values.facts.recipe(component)
    if cloud is None or not component.is_service or not cloud.administers(component):
        return
    for binding in values.graph.bindings_to(component.name):
        if binding.capability in recipe.admissions:
            reason = f"it admits the consumers of {component.name}, whose addresses the cloud chooses"
            yield Opening(f"{component.name}-grants", ANYWHERE, (_served_port(binding, values),), reason)


def _wires(component: Component, values: ClusterValues, *, code: bool) -> list[Binding]:
    """Return the wires of a component's own pods, or those of people's code."""
    tool = values.tool(component)
    return [each for each in values.graph.bindings_of(component.name) if tool.is_of_code(each.name) == code]


def _ingress_of_code(component: Component, values: ClusterValues) -> list[Object]:
    code = values.facts.recipe(component).code
    assert code
    return [{"from": _pods(component, values), "ports": [_port(each) for each in code.ports]}]


def _egress_of_code(component: Component, values: ClusterValues) -> list[Object]:
    own = {"to": _pods(component, values), "ports": _own_ports(component, values)}
    wires = _to_providers(_wires(component, values, code=True), values)
    return [own, *wires, *(_outside(each) for each in dict.fromkeys(openings_of_code(component, values)))]


def _own_ports(component: Component, values: ClusterValues) -> list[Object]:
    """Return the ports of all endpoints of a component."""
    numbers = dict.fromkeys(
        values.facts.location(component, name)[2] for name in values.tool(component).endpoints_in("cluster")
    )
    return [_port(each) for each in numbers]


def _ingress(component: Component, values: ClusterValues) -> list[Object]:
    found = [{"from": _pods(component, values)}] if selectors(component, values) else []
    if code := _peers(_code_pods(component, values)):
        found.append({"from": code, "ports": _own_ports(component, values)})
    for binding in values.graph.bindings_to(component.name):
        consumer = values.graph.components[binding.consumer]
        peers = _traffic(consumer, values) if is_traffic(binding, values) else _consuming_pods(binding, values)
        if peers and (ports := _ports(binding, values)):
            found.append({"from": peers, "ports": ports})
    for each in values.facts.recipe(component).inside:
        peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": each.namespace}}}
        found.append({"from": [peer], "ports": [_port(port) for port in each.ports]})
    return found


def _egress(component: Component, values: ClusterValues) -> list[Object]:
    found: list[Object] = [{"to": _pods(component, values)}]
    if (code := values.facts.recipe(component).code) is not None:
        found.append({"to": _peers(_code_pods(component, values)), "ports": [_port(each) for each in code.ports]})
    found += _to_providers(_wires(component, values, code=False), values)
    return [*found, *(_outside(each) for each in dict.fromkeys(_own_openings(component, values)))]


def _to_providers(wires: Sequence[Binding], values: ClusterValues) -> Iterator[Object]:
    """Yield the rules that let pods out to the pods of those whom they are wired to."""
    for binding in wires:
        provider = values.graph.components[binding.provider]
        peers = [] if provider.is_service else _pods(provider, values)
        if peers and (ports := _ports(binding, values)):
            yield {"to": peers, "ports": ports}


def _outside(opening: Opening) -> Object:
    """Return the rule that lets pods out through an opening."""
    block: Object = {"cidr": opening.to}
    if opening.to == ANYWHERE:
        block["except"] = [METADATA]
    return {"to": [{"ipBlock": block}], "ports": [_port(port) for port in opening.ports]}


def _ports(binding: Binding, values: ClusterValues) -> list[Object]:
    """Return the ports of the provider's pods that a wire opens."""
    provider = values.graph.components[binding.provider]
    return [_port(values.facts.location(provider, name)[2]) for name in values.facts.endpoints_of(binding)]


def _pods(component: Component, values: ClusterValues) -> list[Object]:
    return _peers(own_pods(component, values))


def _consuming_pods(binding: Binding, values: ClusterValues) -> list[Object]:
    """Return the pods that use a wire: the consumer's own, or those with people's code."""
    consumer = values.graph.components[binding.consumer]
    of_code = values.tool(consumer).is_of_code(binding.name)
    return _peers(_code_pods(consumer, values)) if of_code else _pods(consumer, values)


def _peers(pods: Sequence[Object]) -> list[Object]:
    return [{"podSelector": each} for each in pods]


def _traffic(carrier: Component, values: ClusterValues) -> list[Object]:
    """Return who carries the traffic of people: pods of another namespace."""
    namespace = source_namespace(carrier, values)
    labels = {"kubernetes.io/metadata.name": namespace}
    return [{"namespaceSelector": {"matchLabels": labels}}] if namespace else []


def _served_port(binding: Binding, values: ClusterValues) -> int:
    """Return the port at which something outside the cluster serves a wire."""
    told = values.attribute(binding, "port")
    usual = values.catalog.capability(binding.capability).port
    return told if isinstance(told, int) else _port_of_address(binding, values) or usual or _HTTPS


def _port_of_address(binding: Binding, values: ClusterValues) -> int | None:
    """Return the port in the address of something outside the cluster; None where it tells none."""
    address = values.attribute(binding, "issuer" if binding.capability == SIGN_IN else "endpoint")
    port = address_part(address, "port") if isinstance(address, str) else None
    return port if isinstance(port, int) else None


def _names() -> list[Object]:
    """Return who answers DNS: CoreDNS in kube-system, under the label that every distribution keeps."""
    return [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
    ]


def _port(number: int, protocol: str = "TCP") -> Object:
    return {"port": number, "protocol": protocol}


def _policy(
    name: str,
    values: ClusterValues,
    component: Component | None,
    selector: Object,
    *,
    egress: Sequence[Object],
    ingress: Sequence[Object] | None = None,
) -> Object:
    spec: Object = {"podSelector": selector, "egress": list(egress)}
    spec["policyTypes"] = ["Egress"]
    if ingress is not None:
        spec |= {"ingress": list(ingress), "policyTypes": ["Ingress", "Egress"]}
    meta = metadata(f"platinfra-{name}" if component is None else name, values.facts.place, component)
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta, "spec": spec}
