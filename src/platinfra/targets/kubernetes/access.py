"""Who a component is in the cluster, and what it may do through the Kubernetes API."""

from collections.abc import Iterator, Mapping
from typing import Any

from platinfra.model.graph import Component
from platinfra.targets.kubernetes.facts import ClusterValues
from platinfra.targets.kubernetes.place import code_account, metadata

Object = dict[str, Any]
RBAC = "rbac.authorization.k8s.io"


def objects(component: Component, values: ClusterValues) -> Iterator[Object]:
    """Yield the service account of a component, and the role it has in the stack's namespace."""
    meta = metadata(component.name, values.facts.place, component)
    recipe = values.facts.recipe(component)
    if not recipe.account:
        return
    # Pods that need the API's token ask for it themselves.
    yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta, "automountServiceAccountToken": False}
    if recipe.code:
        own = metadata(code_account(component), values.facts.place, component)
        yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": own, "automountServiceAccountToken": False}
    if recipe.rbac:
        rules = [{"apiGroups": each.groups, "resources": each.resources, "verbs": each.verbs} for each in recipe.rbac]
        account = {"kind": "ServiceAccount", "name": component.name, "namespace": values.facts.place.namespace}
        yield from bound_role(meta, rules, [account])


def bound_role(meta: Mapping[str, Any], rules: list[Object], subjects: list[Object]) -> Iterator[Object]:
    """Yield a role and the binding of the same name that gives it to somebody."""
    yield {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": meta, "rules": rules}
    named = {"apiGroup": RBAC, "kind": "Role", "name": meta["name"]}
    yield {"apiVersion": f"{RBAC}/v1", "kind": "RoleBinding", "metadata": meta, "roleRef": named, "subjects": subjects}


def namespace(values: ClusterValues) -> Object:
    """Return the stack's namespace: the API server itself refuses pods that are not confined there."""
    place = values.facts.place
    excepted = any(values.facts.recipe(each).exceptions for each in values.graph.components.values())
    levels = {"enforce": "privileged" if excepted else "restricted", "warn": "restricted", "audit": "restricted"}
    labels = {**place.labels(), **{f"pod-security.kubernetes.io/{mode}": level for mode, level in levels.items()}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": place.namespace, "labels": labels}}
