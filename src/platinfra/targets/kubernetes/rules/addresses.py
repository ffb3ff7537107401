"""One route for each host and path."""

import json
from collections.abc import Iterator

from platinfra.targets.kubernetes.rules.field import Field
from platinfra.targets.kubernetes.rules.inventory import Inventory
from platinfra.targets.kubernetes.rules.resource import Problem, Resource
from platinfra.targets.kubernetes.rules.routes import INGRESS, ROUTES

Address = tuple[str, ...]


def addresses_are_unique(inventory: Inventory) -> Iterator[Problem]:
    """Report a host and path that two routes of one Gateway, or two Ingresses of one class, claim."""
    owners: dict[Address, str] = {}
    for each in inventory.checked:
        addresses = _of_ingress(each) if each.key == INGRESS else _of_route(each) if each.key in ROUTES else iter(())
        for address, place in addresses:
            if address in owners:
                host, path = address[-2:]
                message = f"{owners[address]} claims `{host or 'every host'}{path}` too"
                yield each.problem("duplicate-route", place, message, "give one of them another host or path")
            owners.setdefault(address, each.title)


def _of_ingress(ingress: Resource) -> Iterator[tuple[Address, Field]]:
    chosen = ingress.at("spec", "ingressClassName").text or ingress.annotations.get("kubernetes.io/ingress.class", "")
    for rule in ingress.at("spec", "rules").each():
        for path in rule.at("http", "paths").each():
            kind = path.at("pathType").text
            yield (chosen, kind, rule.at("host").text, _path(path.at("path").text, prefix=kind == "Prefix")), path


def _of_route(route: Resource) -> Iterator[tuple[Address, Field]]:
    hosts = [each.text for each in route.at("spec", "hostnames").each()] or [""]
    for parent in route.at("spec", "parentRefs").each():
        gateway = f"{parent.at('namespace').text or route.namespace}/{parent.at('name').text}"
        listener = parent.at("sectionName").text
        for match, wanted in _matches(route):
            for host in hosts:
                yield (route.kind, gateway, listener, *wanted[:-1], host, wanted[-1]), match


def _matches(route: Resource) -> Iterator[tuple[Field, Address]]:
    """Yield what tells the matches of a route apart; the last part is the path."""
    for rule in route.at("spec", "rules").each():
        for match in list(rule.at("matches").each()) or [rule]:
            further = {key: match.mapping.get(key) for key in ("method", "headers", "queryParams")}
            kind = match.at("path", "type").text or "PathPrefix"
            path = _path(match.at("path", "value").text or "/", prefix=kind == "PathPrefix")
            yield match, (json.dumps(further, sort_keys=True, default=str), kind, path)


def _path(path: str, *, prefix: bool) -> str:
    return (path.rstrip("/") if prefix else path) or "/"
