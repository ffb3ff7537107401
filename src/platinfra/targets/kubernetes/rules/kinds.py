"""Kinds that the cluster has."""

from collections.abc import Iterator

from platinfra.targets.kubernetes.rules.api import CLUSTER_WIDE, SINCE, served_kinds
from platinfra.targets.kubernetes.rules.inventory import Inventory
from platinfra.targets.kubernetes.rules.resource import Problem, Resource


def kinds_exist(inventory: Inventory) -> Iterator[Problem]:
    """Report removed and unknown API versions, and custom kinds that nothing defines."""
    known = served_kinds(inventory.known.version) | inventory.known.kinds | set(_defined_kinds(inventory))
    for each in inventory.checked:
        if not each.kind or not each.version:
            yield each.problem("incomplete-object", each.root, "has no `apiVersion` or no `kind`", "write both")
        elif each.full_kind not in known and "*" not in known:
            yield _unknown_kind(each, known, inventory.known.version)


def _unknown_kind(resource: Resource, known: frozenset[str], version: str) -> Problem:
    others = sorted(kind.rpartition("/")[0] for kind in known if kind.rpartition("/")[2] == resource.kind)
    api = "/".join(filter(None, (resource.group, resource.version)))
    if since := SINCE.get(resource.full_kind):
        hint = f"it exists since Kubernetes {since}"
    elif others:
        hint = f"write `apiVersion: {others[-1]}`"
    else:
        hint = "first install the release that provides its CustomResourceDefinition"
    message = f'no matches for kind "{resource.kind}" in version "{api}" on Kubernetes {version}'
    return resource.problem("unknown-kind", resource.at("apiVersion"), message, hint)


def _defined_kinds(inventory: Inventory) -> Iterator[str]:
    for each in inventory.all("apiextensions.k8s.io/CustomResourceDefinition"):
        spec = each.at("spec")
        for version in spec.at("versions").each():
            if version.at("served").value is not False:
                yield f"{spec.at('group').text}/{version.at('name').text}/{spec.at('names', 'kind').text}"


def is_cluster_wide(resource: Resource, inventory: Inventory) -> bool | None:
    """Tell whether a kind lies outside namespaces; None when nothing says so."""
    if resource.full_kind in SINCE or resource.key in CLUSTER_WIDE:
        return resource.key in CLUSTER_WIDE
    for each in inventory.all("apiextensions.k8s.io/CustomResourceDefinition"):
        spec = each.at("spec")
        if (spec.at("group").text, spec.at("names", "kind").text) == (resource.group, resource.kind):
            return spec.at("scope").text == "Cluster"
    return None
