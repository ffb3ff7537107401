"""Selectors that choose pods and Services of other objects."""

from collections.abc import Iterator

from platinfra.targets.kubernetes.rules.field import Field
from platinfra.targets.kubernetes.rules.inventory import Inventory
from platinfra.targets.kubernetes.rules.labels import contains, selects, write_selector
from platinfra.targets.kubernetes.rules.pods import Template
from platinfra.targets.kubernetes.rules.resource import Problem, Resource

_NAME_LABEL = "kubernetes.io/metadata.name"
_HINT = "repeat the labels of the pods it is meant for"


def services_have_pods(inventory: Inventory) -> Iterator[Problem]:
    """Report Services that choose no pod, and ports that no chosen pod declares."""
    for each in inventory.of("Service"):
        selector = each.at("spec", "selector")
        if not selector.mapping or each.at("spec", "type").text == "ExternalName":
            continue
        pods = [pod for pod in inventory.pods(each.namespace) if contains(selector, pod.labels)]
        if not pods:
            yield from _nothing(inventory, each, selector, each.namespace)
        elif not inventory.pods_unknown(each.namespace):
            yield from _ports(each, pods)


def _ports(service: Resource, pods: list[Template]) -> Iterator[Problem]:
    for port in service.at("spec", "ports").each():
        target = port.at("targetPort") if port.at("targetPort").present else port.at("port")
        declared = any(True for pod in pods for _ in pod.ports())
        if (declared or target.text) and not any(pod.has_port(target) for pod in pods):
            owners = ", ".join(sorted({pod.owner.title for pod in pods}))
            message = f"no container of {owners} has the port `{target.value}`"
            yield service.problem("unknown-port", target, message, "name a port that the container declares")


def budgets_have_pods(inventory: Inventory) -> Iterator[Problem]:
    """Report disruption budgets that protect no pod."""
    for each in inventory.of("policy/PodDisruptionBudget"):
        selector = each.at("spec", "selector")
        pods = (pod for pod in inventory.pods(each.namespace) if selects(selector, pod.labels))
        if not selector.present or not any(True for _ in pods):
            yield from _nothing(inventory, each, selector, each.namespace)


def policies_have_pods(inventory: Inventory) -> Iterator[Problem]:
    """Report network policies that apply to no pod, and neighbours in them that match none."""
    for each in inventory.of("networking.k8s.io/NetworkPolicy"):
        selector = each.at("spec", "podSelector")
        if selector.mapping and not _choose(inventory, each.namespace, selector):
            yield from _nothing(inventory, each, selector, each.namespace)
        for way, side in (("ingress", "from"), ("egress", "to")):
            for peer in each.root.find("spec", way, "*", side, "*"):
                yield from _peer(inventory, each, peer)


def _peer(inventory: Inventory, policy: Resource, peer: Field) -> Iterator[Problem]:
    pods, spaces = peer.at("podSelector"), peer.at("namespaceSelector")
    if spaces.mapping and not _namespaces(inventory, spaces):
        message = f"no namespace matches {write_selector(spaces)}"
        yield policy.problem("no-matching-pod", spaces, message, "repeat the labels of a namespace")
    elif pods.mapping and not spaces.present and not _choose(inventory, policy.namespace, pods):
        yield from _nothing(inventory, policy, pods, policy.namespace)


def _choose(inventory: Inventory, namespace: str, selector: Field) -> bool:
    return any(selects(selector, pod.labels) for pod in inventory.pods(namespace))


def _namespaces(inventory: Inventory, selector: Field) -> bool:
    """Namespaces that exist already may wear labels that nobody told; only their name is certain."""
    labels = [{**each.labels, _NAME_LABEL: each.name} for each in inventory.all("Namespace")]
    if any(selects(selector, each) for each in labels):
        return True
    names = selector.at("matchLabels").texts
    if set(names) == {_NAME_LABEL} and not selector.at("matchExpressions").value:
        return inventory.has("Namespace", "", names[_NAME_LABEL])
    return bool(inventory.known.namespaces)


def service_monitors_have_services(inventory: Inventory) -> Iterator[Problem]:
    """Report ServiceMonitors that choose no Service, and ports that no chosen Service has."""
    for each in inventory.of("monitoring.coreos.com/ServiceMonitor"):
        selector, services = each.at("spec", "selector"), []
        for namespace in _watched_namespaces(each):
            services += [found for found in inventory.all("Service", namespace) if selects(selector, found.labels)]
        if not services:
            yield from _nothing(inventory, each, selector, each.namespace, "Service")
            continue
        names = {port.at("name").text for found in services for port in found.at("spec", "ports").each()}
        for port in each.root.find("spec", "endpoints", "*", "port"):
            if port.text not in names:
                message = f"no Service it chooses has a port named `{port.text}`"
                yield each.problem("unknown-port", port, message, f"one of {', '.join(sorted(filter(None, names)))}")


def pod_monitors_have_pods(inventory: Inventory) -> Iterator[Problem]:
    """Report PodMonitors that choose no pod, and ports that no chosen pod has."""
    for each in inventory.of("monitoring.coreos.com/PodMonitor"):
        selector, pods = each.at("spec", "selector"), []
        for namespace in _watched_namespaces(each):
            pods += [pod for pod in inventory.pods(namespace) if selects(selector, pod.labels)]
        if not pods:
            yield from _nothing(inventory, each, selector, each.namespace)
            continue
        for field in ("port", "portNumber", "targetPort"):
            for port in each.root.find("spec", "podMetricsEndpoints", "*", field):
                if not any(pod.has_port(port) for pod in pods):
                    message = f"no container it chooses has the port `{port.value}`"
                    yield each.problem("unknown-port", port, message, "name a port that the container declares")


def _watched_namespaces(monitor: Resource) -> list[str | None]:
    """Return the namespaces a monitor looks into: its own unless it says otherwise; None stands for all."""
    spaces = monitor.at("spec", "namespaceSelector")
    if spaces.at("any").value is True:
        return [None]
    named: list[str | None] = [each.text for each in spaces.at("matchNames").each()]
    return named or [monitor.namespace]


def _nothing(
    inventory: Inventory, resource: Resource, selector: Field, namespace: str, kind: str = "pod"
) -> Iterator[Problem]:
    if inventory.pods_unknown(namespace):
        return
    rule = "no-matching-service" if kind == "Service" else "no-matching-pod"
    hint = _HINT if kind == "pod" else "repeat the labels of the Service it is meant for"
    yield resource.problem(rule, selector, f"no {kind} matches {write_selector(selector)}", hint)
