"""Fields that take one of a few words. Source: Kubernetes' API reference."""

from collections.abc import Iterator, Mapping
from typing import Any

from platinfra.diagnostics import did_you_mean
from platinfra.facts.table import beside
from platinfra.targets.kubernetes.rules.field import Field
from platinfra.targets.kubernetes.rules.inventory import Inventory
from platinfra.targets.kubernetes.rules.pods import CONTAINERS, SHORT_LIVED, Template
from platinfra.targets.kubernetes.rules.resource import Problem, Resource

Rows = Mapping[str, list[str]]

_TABLE: Mapping[str, Any] = beside(__file__)
_POD: Rows = {
    **_TABLE["pod"],
    **{f"{kind} * {row}": words for kind in CONTAINERS for row, words in _TABLE["container"].items()},
}


def choices_are_valid(inventory: Inventory) -> Iterator[Problem]:
    """Report words that a field does not take: a protocol, a type of Service, a policy."""
    for each in inventory.checked:
        yield from _check_choices(each, each.root, _TABLE["object"].get(each.key, {}))
    for template in inventory.templates():
        yield from _check_choices(template.owner, template.spec, _POD)
        yield from _restart(template)


def _check_choices(resource: Resource, start: Field, rows: Rows) -> Iterator[Problem]:
    for pattern, words in rows.items():
        for place in start.find(*pattern.split()):
            if place.value not in words and not _means_default(place):
                hint = did_you_mean(str(place.value), words) or f"one of {', '.join(words)}"
                message = f"`{place.value}` is not one of {', '.join(words)}"
                yield resource.problem("invalid-choice", place, message, hint)


def _means_default(place: Field) -> bool:
    """Let pass an empty string where it is the default, and huge pages, which name their size."""
    name = place.path.rpartition(".")[2]
    return name in {"medium", "type", "effect"} and (place.value == "" or place.text.startswith("HugePages-"))


def _restart(template: Template) -> Iterator[Problem]:
    place, kind = template.spec.at("restartPolicy"), template.owner.kind
    if template.owner.key in SHORT_LIVED:
        if place.text not in {"OnFailure", "Never"}:
            message = f"a {kind} does not take `restartPolicy: {place.text or 'Always'}`"
            yield template.owner.problem("invalid-choice", place, message, "OnFailure or Never")
    elif template.owner.key.startswith("apps/") and place.text in {"OnFailure", "Never"}:
        message = f"a {kind} does not take `restartPolicy: {place.text}`"
        yield template.owner.problem("invalid-choice", place, message, "Always, or a Job")
