"""Ports of containers, Services and policies."""

import re
from collections.abc import Iterator

from platinfra.targets.kubernetes.rules.field import Field
from platinfra.targets.kubernetes.rules.inventory import Inventory
from platinfra.targets.kubernetes.rules.names import is_label_at
from platinfra.targets.kubernetes.rules.pods import Template
from platinfra.targets.kubernetes.rules.resource import Problem, Resource

_PORT_NAME = re.compile(r"(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_NAME_HINT = "at most 15 lower-case letters, digits and single `-`, with a letter among them"
_NODE_PORTS = range(30000, 32768)
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def is_port(value: int | None) -> bool:
    """Tell whether a number is a port."""
    return value is not None and 1 <= value <= 65535


def is_port_name(text: str) -> bool:
    """Tell whether a text is a name of a container's port (RFC 6335)."""
    return len(text) <= 15 and _PORT_NAME.fullmatch(text) is not None


def ports_are_valid(inventory: Inventory) -> Iterator[Problem]:
    """Report port numbers outside 1 to 65535, bad names, and names or numbers that stand twice."""
    for template in inventory.templates():
        for container in template.containers():
            yield from _container_ports(template.owner, container)
            yield from _probed_ports(template, container)
    for each in inventory.of("Service"):
        yield from _service_ports(each)
    for each in inventory.of("networking.k8s.io/NetworkPolicy"):
        yield from _policy_ports(each)


def _number(resource: Resource, place: Field) -> Iterator[Problem]:
    if place.present and not is_port(place.number):
        message = f"{place.value!r} is not a port"
        yield resource.problem("invalid-port", place, message, "a whole number from 1 to 65535")


def _number_or_name(resource: Resource, place: Field) -> Iterator[Problem]:
    if not place.text:
        yield from _number(resource, place)
    elif not is_port_name(place.text):
        yield resource.problem("invalid-port", place, f"`{place.text}` is not a name of a port", _NAME_HINT)


def _container_ports(owner: Resource, container: Field) -> Iterator[Problem]:
    ports = list(container.at("ports").each())
    for each in ports:
        yield from _number(owner, each.at("containerPort"))
        yield from _number(owner, each.at("hostPort"))
        if each.at("name").present and not is_port_name(each.at("name").text):
            message = f"`{each.at('name').value}` is not a name of a port"
            yield owner.problem("invalid-port", each.at("name"), message, _NAME_HINT)
    yield from _twice(owner, ports, "containerPort")


def _twice(owner: Resource, ports: list[Field], number: str) -> Iterator[Problem]:
    """Names identify ports for people, number and protocol for server-side apply."""
    seen: set[object] = set()
    for each in ports:
        name, identity = each.at("name"), (each.at(number).number, each.at("protocol").text or "TCP")
        if name.text in seen:
            yield owner.problem("duplicate-port", name, f"two ports are named `{name.text}`", "rename one of them")
        if identity in seen:
            message = f"port {identity[0]}/{identity[1]} is listed twice"
            yield owner.problem("duplicate-port", each.at(number), message, "remove one of them")
        seen |= {identity, name.text or None}


def _probed_ports(template: Template, container: Field) -> Iterator[Problem]:
    places = [container.at(probe, action, "port") for probe in _PROBES for action in ("httpGet", "tcpSocket", "grpc")]
    places += container.find("lifecycle", "*", "httpGet", "port")
    names = {each.at("name").text for each in container.at("ports").each()}
    for place in places:
        yield from _number_or_name(template.owner, place)
        if is_port_name(place.text) and place.text not in names:
            message = f"the container has no port named `{place.text}`"
            yield template.owner.problem("unknown-port", place, message, "name one of its `ports`, or write the number")


def _service_ports(service: Resource) -> Iterator[Problem]:
    ports = list(service.at("spec", "ports").each())
    for each in ports:
        yield from _number(service, each.at("port"))
        yield from _number_or_name(service, each.at("targetPort"))
        yield from _node_port(service, each.at("nodePort"))
        name = each.at("name")
        if len(ports) > 1 and not name.text:
            message = "a Service of several ports names each of them"
            yield service.problem("invalid-port", name, message, "write `name`")
        elif name.text and not is_label_at(name):
            yield service.problem("invalid-port", name, f"`{name.text}` is not a name of a port", _NAME_HINT)
    yield from _twice(service, ports, "port")
    if not ports and not _needs_no_port(service):
        yield service.problem("invalid-port", service.at("spec", "ports"), "the Service has no port", "write `ports`")


def _needs_no_port(service: Resource) -> bool:
    return service.at("spec", "type").text == "ExternalName" or service.at("spec", "clusterIP").text == "None"


def _node_port(service: Resource, place: Field) -> Iterator[Problem]:
    if place.number and place.number not in _NODE_PORTS:
        message = f"{place.number} is not a port that nodes hand out"
        hint = f"from {_NODE_PORTS.start} to {_NODE_PORTS.stop - 1}"
        yield service.problem("invalid-port", place, message, hint)


def _policy_ports(policy: Resource) -> Iterator[Problem]:
    for direction in ("ingress", "egress"):
        for each in policy.root.find("spec", direction, "*", "ports", "*"):
            port, end = each.at("port"), each.at("endPort")
            yield from _number_or_name(policy, port)
            yield from _number(policy, end)
            if end.number is not None and (port.number is None or port.number > end.number):
                message = "`endPort` needs a number at `port`, where the range starts"
                yield policy.problem("invalid-port", end, message, "write a `port` that is not larger")
