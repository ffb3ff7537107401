"""
A second opinion on network policies: which pod may open a connection to which, from Kubernetes' documentation of NetworkPolicy.

Judged is what a conforming network plug-in enforces between pods and with the world. Not judged: a pod's traffic with itself and with
its node (always allowed), cluster-wide policies of some plug-ins, and services of the type LoadBalancer that hide who asks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

Object = Mapping[str, Any]
NAME_LABEL = "kubernetes.io/metadata.name"
_WORKLOADS = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


@dataclass(frozen=True)
class Port:
    number: int
    protocol: str = "TCP"
    name: str = ""


@dataclass(frozen=True)
class Pod:
    """Pods of one template; `address` is only known for pods that a test places."""

    namespace: str
    name: str
    labels: Mapping[str, str] = field(hash=False)
    ports: tuple[Port, ...] = ()
    host_network: bool = False
    address: str | None = None


class Reach:
    """Answers questions about the pods and policies among some objects."""

    def __init__(self, objects: Iterable[Object], pods: Iterable[Pod] = ()) -> None:
        """Read objects; `pods` are further ones, such as those that an operator makes."""
        found = list(objects)
        self.namespaces = dict(_namespaces(found))
        self.pods = (*(pod for each in found for pod in _pods(each)), *pods)
        for pod in self.pods:
            self.namespaces.setdefault(pod.namespace, {NAME_LABEL: pod.namespace})
        self.policies = tuple(
            each for each in found if each["kind"] == "NetworkPolicy" and each["apiVersion"] == "networking.k8s.io/v1"
        )

    def pod(self, name: str) -> Pod:
        """Return a pod by the name of its workload, `ns/name`."""
        (found,) = [each for each in self.pods if f"{each.namespace}/{each.name}" == name]
        return found

    def allows(self, source_pod: Pod, destination_pod: Pod, port: int, protocol: str = "TCP") -> bool:
        """Tell whether one pod may connect to another: the source may go out and the destination lets it in."""
        if source_pod is destination_pod:
            return True
        leaves = self._passes(source_pod, "Egress", destination_pod, destination_pod, port, protocol)
        return leaves and self._passes(destination_pod, "Ingress", source_pod, destination_pod, port, protocol)

    def reaches_world(self, source: Pod, ip: str, port: int, protocol: str = "TCP") -> bool:
        """Tell whether a pod may connect to an address outside the cluster."""
        return self._passes(source, "Egress", ip, None, port, protocol)

    def reached_from_world(self, destination: Pod, ip: str, port: int, protocol: str = "TCP") -> bool:
        """Tell whether an address outside the cluster may connect to a pod."""
        return self._passes(destination, "Ingress", ip, destination, port, protocol)

    def open_pairs(self) -> Iterator[tuple[Pod, Pod, Port]]:
        """Yield every pod, every other pod that it may connect to, and the port that the other declares."""
        for source in self.pods:
            for destination in self.pods:
                for port in destination.ports if source is not destination else ():
                    if self.allows(source, destination, port.number, port.protocol):
                        yield source, destination, port

    def isolates(self, pod: Pod, direction: str) -> bool:
        """Tell whether a policy selects a pod for a direction (`Ingress`, `Egress`), so that only what is listed passes."""
        return bool(self._applying(pod, direction))

    def _applying(self, pod: Pod, direction: str) -> list[Object]:
        """Policies do not hold for pods on the network of their node."""
        return [
            each
            for each in self.policies
            if not pod.host_network
            and _namespace(each) == pod.namespace
            and selects(each["spec"].get("podSelector") or {}, pod.labels)
            and direction in _types(each["spec"])
        ]

    def _passes(
        self, pod: Pod, direction: str, other: Pod | str, listener: Pod | None, port: int, protocol: str
    ) -> bool:
        """Ask the policies of one pod about its traffic with a neighbour; `listener` is whose ports have names."""
        policies = self._applying(pod, direction)
        side = "from" if direction == "Ingress" else "to"
        rules = [(each, rule) for each in policies for rule in each["spec"].get(direction.lower()) or ()]
        return not policies or any(
            self._is_neighbour(policy, rule.get(side), other) and _is_port(rule.get("ports"), listener, port, protocol)
            for policy, rule in rules
        )

    def _is_neighbour(self, policy: Object, peers: Sequence[Object] | None, other: Pod | str) -> bool:
        """An absent or empty list means everybody."""
        return not peers or any(self._is_peer(policy, peer, other) for peer in peers)

    def _is_peer(self, policy: Object, peer: Object, other: Pod | str) -> bool:
        if peer.get("ipBlock") is not None:
            address = other if isinstance(other, str) else other.address
            return address is not None and _in_block(peer["ipBlock"], address)
        # What is on the network of its node has the address of the node and no labels that count.
        if isinstance(other, str) or other.host_network:
            return False
        pods, spaces = peer.get("podSelector"), peer.get("namespaceSelector")
        if pods is None and spaces is None:
            return False
        if spaces is None:
            return other.namespace == _namespace(policy) and selects(pods, other.labels)
        return selects(spaces, self.namespaces[other.namespace]) and (pods is None or selects(pods, other.labels))


def selects(selector: Object, labels: Mapping[str, str]) -> bool:
    """Tell whether a label selector chooses labels; an empty one chooses all."""
    equal = all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())
    return equal and all(_holds(each, labels) for each in selector.get("matchExpressions") or ())


def _holds(expression: Object, labels: Mapping[str, str]) -> bool:
    found, values = labels.get(expression["key"]), expression.get("values") or ()
    return {
        "In": found is not None and found in values,
        "NotIn": found not in values,
        "Exists": found is not None,
        "DoesNotExist": found is None,
    }[expression["operator"]]


def _types(spec: Object) -> tuple[str, ...]:
    """Ingress always when nothing is said, Egress when there are rules of it."""
    said = spec.get("policyTypes")
    return tuple(said) if said else ("Ingress", "Egress") if spec.get("egress") else ("Ingress",)


def _is_port(ports: Sequence[Object] | None, listener: Pod | None, number: int, protocol: str) -> bool:
    """An absent or empty list means every port."""
    return not ports or any(
        (each.get("protocol") or "TCP") == protocol and _is_number(each, listener, number, protocol) for each in ports
    )


def _is_number(rule: Object, listener: Pod | None, number: int, protocol: str) -> bool:
    match rule.get("port"):
        case None:
            return True
        case str() as name:
            # A name means what the listening pod calls so; the world's ports have none.
            return listener is not None and Port(number, protocol, name) in listener.ports
        case first:
            return bool(first <= number <= rule.get("endPort", first))


def _in_block(block: Object, address: str) -> bool:
    found = ip_address(address)
    return found in ip_network(block["cidr"]) and not any(
        found in ip_network(each) for each in block.get("except") or ()
    )


def _namespace(each: Object) -> str:
    return str(each["metadata"].get("namespace", "default"))


def _namespaces(objects: Iterable[Object]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The API server labels every namespace with its name."""
    for each in objects:
        if each["kind"] == "Namespace":
            name = each["metadata"]["name"]
            yield name, {**(each["metadata"].get("labels") or {}), NAME_LABEL: name}


def _pods(each: Object) -> Iterator[Pod]:
    path = _WORKLOADS.get(each["kind"])
    if path is None:
        return
    template: Any = each
    for key in path:
        template = template[key]
    spec, labels = template["spec"], (template.get("metadata") or {}).get("labels") or {}
    containers = [*spec.get("containers", ()), *spec.get("initContainers", ())]
    ports = tuple(
        Port(port["containerPort"], port.get("protocol") or "TCP", port.get("name") or "")
        for container in containers
        for port in container.get("ports") or ()
    )
    yield Pod(_namespace(each), each["metadata"]["name"], labels, ports, bool(spec.get("hostNetwork")))
