"""Objects that name other objects."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from platinfra.diagnostics import did_you_mean
from platinfra.facts.table import beside
from platinfra.targets.kubernetes.rules.api import CLUSTER_WIDE
from platinfra.targets.kubernetes.rules.field import Field
from platinfra.targets.kubernetes.rules.inventory import Inventory
from platinfra.targets.kubernetes.rules.pods import CONTAINERS, Template, templates
from platinfra.targets.kubernetes.rules.resource import Problem, Resource

Row = tuple[str, str, str]
"""Where a reference stands, which key holds the name, and the kind that it names."""

_TABLE: Mapping[str, Any] = beside(__file__)
_POD: list[Row] = [
    *((f"{kind} * {place}", name, key) for kind in CONTAINERS for place, name, key in _TABLE["container"]),
    *_TABLE["pod"],
]


def references_lead_somewhere(inventory: Inventory) -> Iterator[Problem]:
    """Report names of objects that nothing creates, and keys that a ConfigMap or Secret among the objects lacks."""
    for each in inventory.checked:
        yield from _find_problems(inventory, each, each.root, _TABLE["object"].get(each.key, ()))
        for template in templates(each):
            yield from _find_problems(inventory, each, template.spec, _POD)
            yield from _keys(inventory, template)


def _find_problems(inventory: Inventory, resource: Resource, start: Field, rows: Iterable[Row]) -> Iterator[Problem]:
    for pattern, field, key in rows:
        for reference in start.find(*pattern.split()):
            name = reference.at(field)
            if name.text and not _is_elsewhere(reference) and reference.at("optional").value is not True:
                yield from _exists(inventory, resource, name, key, reference.at("namespace").text)


def _is_elsewhere(reference: Field) -> bool:
    """Tell whether a reference names another kind than the usual one, which is not judged."""
    return reference.at("kind").text not in {"", "Secret", "TriggerAuthentication"}


def _exists(inventory: Inventory, resource: Resource, name: Field, key: str, namespace: str) -> Iterator[Problem]:
    where = "" if key in CLUSTER_WIDE else namespace or resource.namespace
    if inventory.has(key, where, name.text):
        return
    kind = key.rpartition("/")[2]
    near = did_you_mean(name.text, {each.name for each in inventory.all(key, where)})
    place = f" in the namespace `{where}`" if where else ""
    message = f"nothing creates the {kind} `{name.text}`{place}"
    yield resource.problem(_TABLE["rules"][key], name, message, near or f"add the {kind}, or name one that exists")


def _keys(inventory: Inventory, template: Template) -> Iterator[Problem]:
    for pattern, name, key in _POD:
        if key not in {"Secret", "ConfigMap"}:
            continue
        for reference in template.spec.find(*pattern.split()):
            source = inventory.find(key, template.owner.namespace, reference.at(name).text)
            if source is not None and reference.at("optional").value is not True:
                yield from _has_keys(template.owner, reference, source)


def _has_keys(owner: Resource, reference: Field, source: Resource) -> Iterator[Problem]:
    keys = {str(key) for field in ("data", "stringData", "binaryData") for key in source.at(field).mapping}
    filled = source.at("type").text == "kubernetes.io/service-account-token"
    for wanted in (reference.at("key"), *reference.find("items", "*", "key")):
        if keys and wanted.text and wanted.text not in keys and not filled:
            message = f"the {source.kind} `{source.name}` has no key `{wanted.text}`"
            yield owner.problem("missing-key", wanted, message, did_you_mean(wanted.text, keys) or "add the key")
