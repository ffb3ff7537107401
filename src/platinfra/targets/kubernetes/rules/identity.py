"""One object of a name, in a namespace that exists."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from platinfra.targets.kubernetes.rules.inventory import Inventory, inventory
from platinfra.targets.kubernetes.rules.kinds import is_cluster_wide
from platinfra.targets.kubernetes.rules.known import Known
from platinfra.targets.kubernetes.rules.resource import Problem, Resource


def objects_are_unique(inventory: Inventory) -> Iterator[Problem]:
    """Report two objects of one group, kind, namespace and name: the second would overwrite the first."""
    seen: set[tuple[str, str, str]] = set()
    for each in inventory.checked:
        identity = (each.key, each.namespace, each.name)
        if identity in seen and each.at("metadata", "name").text:
            message = "another object has the same kind, namespace and name"
            yield each.problem("duplicate-object", each.at("metadata", "name"), message, "rename or remove one of them")
        seen.add(identity)


def namespaces_exist(inventory: Inventory) -> Iterator[Problem]:
    """Report objects without the namespace they need, or in one that nothing creates."""
    for each in inventory.checked:
        place = each.at("metadata", "namespace")
        if each.namespace:
            if not inventory.has("Namespace", "", each.namespace):
                message = f"nothing creates the namespace `{each.namespace}`"
                yield each.problem("unknown-namespace", place, message, "add a Namespace, or name one that exists")
        elif is_cluster_wide(each, inventory) is False:
            message = f"a {each.kind} needs a namespace"
            yield each.problem("missing-namespace", place, message, "write `metadata.namespace`")


def in_namespace(objects: Sequence[Mapping[str, Any]], namespace: str) -> list[dict[str, Any]]:
    """Return objects with the namespace of their release where they name none, as Helm applies them; lists are opened."""
    stock = inventory(objects, Known())
    return [_place(each, namespace, cluster_wide=is_cluster_wide(each, stock)) for each in stock.checked]


def _place(resource: Resource, namespace: str, *, cluster_wide: bool | None) -> dict[str, Any]:
    value = dict(resource.root.mapping)
    if cluster_wide is True or resource.namespace:
        return value
    return {**value, "metadata": {**resource.at("metadata").mapping, "namespace": namespace}}
