"""Amounts of processors, memory and storage. Source: Kubernetes' API reference, "Quantity"."""

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from platinfra.facts.table import beside
from platinfra.targets.kubernetes.rules.field import Field
from platinfra.targets.kubernetes.rules.inventory import Inventory
from platinfra.targets.kubernetes.rules.metadata import is_key
from platinfra.targets.kubernetes.rules.pods import Template
from platinfra.targets.kubernetes.rules.problem import Problem
from platinfra.targets.kubernetes.rules.resource import Resource

_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([KMGTPE]i|[numkMGTPE]?)|[eE]([+-]?\d{1,2}))")
_FACTORS = {
    **{f"{letter}i": Fraction(1024) ** power for power, letter in enumerate("KMGTPE", 1)},
    **{letter: Fraction(1000) ** power for power, letter in enumerate("kMGTPE", 1)},
    **{letter: Fraction(1, 1000) ** power for power, letter in enumerate("mun", 1)},
    "": Fraction(1),
}
_PLAIN = frozenset({"cpu", "memory", "ephemeral-storage"})
_PATHS: Mapping[str, Any] = beside(__file__)
_HINT = "a number with an optional unit, such as 500m, 2, 512Mi or 10Gi"


def parse(value: object) -> Fraction | None:
    """Return how much a quantity is, in units (cores, bytes); None when it is not one."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    found = _QUANTITY.fullmatch(str(value))
    if found is None:
        return None
    number, suffix, exponent = found.groups()
    factor = Fraction(10) ** int(exponent) if exponent else _FACTORS[suffix or ""]
    return Fraction(number.rstrip(".")) * factor


def quantities_are_valid(inventory: Inventory) -> Iterator[Problem]:
    """Report amounts that are none or are negative, and requests above their limit."""
    for each in inventory.checked:
        for pattern in _PATHS["object"].get(each.key, ()):
            for place in each.root.find(*pattern.split()):
                yield from _amount(each, place)
    for template in inventory.templates():
        yield from _pod(template)


def _pod(template: Template) -> Iterator[Problem]:
    for pattern in _PATHS["pod"]:
        for place in template.spec.find(*pattern.split()):
            yield from _amount(template.owner, place)
    for holder in (template.spec, *template.containers()):
        resources = holder.at("resources")
        for place in (*resources.find("requests", "*"), *resources.find("limits", "*")):
            yield from _amount(template.owner, place)
        yield from _names(template.owner, resources)
        yield from _within_limits(template.owner, resources)


def _amount(resource: Resource, place: Field) -> Iterator[Problem]:
    amount = parse(place.value)
    if amount is None:
        yield resource.problem("invalid-quantity", place, f"`{place.value}` is not a quantity", _HINT)
    elif amount < 0:
        yield resource.problem("invalid-quantity", place, f"`{place.value}` is below zero", _HINT)
    elif place.path.endswith((".cpu", ".requests.cpu")) and (amount * 1000).denominator != 1:
        message = f"`{place.value}` is finer than a thousandth of a processor"
        yield resource.problem("invalid-quantity", place, message, "1m is the smallest amount")
    elif place.path.endswith(".storage") and amount == 0:
        yield resource.problem("invalid-quantity", place, "a volume of no size", _HINT)


def _names(resource: Resource, resources: Field) -> Iterator[Problem]:
    for field in ("requests", "limits"):
        for name in resources.at(field).mapping:
            if name in _PLAIN or str(name).startswith("hugepages-") or ("/" in str(name) and is_key(str(name))):
                continue
            message, hint = f"`{name}` is not a resource", "cpu, memory, ephemeral-storage or domain/name"
            yield resource.problem("invalid-choice", resources.at(field, str(name)), message, hint)


def _within_limits(resource: Resource, resources: Field) -> Iterator[Problem]:
    for name, wanted in resources.at("requests").mapping.items():
        place, limit = resources.at("requests", str(name)), resources.at("limits", str(name))
        request, most = parse(wanted), parse(limit.value)
        whole = "/" in str(name) or str(name).startswith("hugepages-")
        if request is not None and most is not None and (request > most or (whole and request != most)):
            relation = "differs from" if whole else "is above"
            message = f"the request of {name} ({wanted}) {relation} its limit ({limit.value})"
            hint = f"request at most {limit.value}" if not whole else "write the same amount twice"
            yield resource.problem("request-above-limit", place, message, hint)
        elif whole and request is not None and not limit.present:
            message = f"{name} cannot be shared, so its limit must equal the request"
            yield resource.problem("request-above-limit", place, message, f"write the limit `{name}: {wanted}`")
