"""Who a component is in the cluster, and what it may do through the Kubernetes API."""

from collections.abc import Iterator
from typing import Any

from platinfra.model.graph import Component
from platinfra.targets.kubernetes.facts import ClusterValues
from platinfra.targets.kubernetes.place import metadata

Object = dict[str, Any]
_RBAC = "rbac.authorization.k8s.io"


def objects(component: Component, values: ClusterValues) -> Iterator[Object]:
    """Yield the service account of a component, and the role it has in the stack's namespace."""
    meta = metadata(component.name, values.facts.place, component)
    recipe = values.facts.recipe(component)
    if not recipe.account:
        return
    rules = recipe.rbac
    yield {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": meta,
        # Pods that need the API's token ask for it themselves.
        "automountServiceAccountToken": False,
    }
    if not rules:
        return
    yield {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "Role",
        "metadata": meta,
        "rules": [{"apiGroups": each.groups, "resources": each.resources, "verbs": each.verbs} for each in rules],
    }
    yield {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": meta,
        "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": component.name},
        "subjects": [{"kind": "ServiceAccount", "name": component.name, "namespace": values.facts.place.namespace}],
    }


def namespace(values: ClusterValues) -> Object:
    """Return the stack's namespace: the API server itself refuses pods that are not confined there."""
    place = values.facts.place
    level = (
        "restricted"
        if not any(values.facts.recipe(each).exceptions for each in values.graph.components.values())
        else "privileged"
    )
    enforced = {f"pod-security.kubernetes.io/{mode}": level for mode in ("enforce",)}
    watched = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("warn", "audit")}
    labels = {**place.labels(), **enforced, **watched}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": place.namespace, "labels": labels}}
