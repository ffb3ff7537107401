"""Namespaces of somebody else, found before anything is changed."""

from collections.abc import Container, Iterator
from typing import Any

from platinfra.diagnostics import Diagnostic
from platinfra.model.cluster import Cluster, Object, ObjectRef
from platinfra.targets.kubernetes import access
from platinfra.targets.kubernetes.bundle import NAMESPACE, Bundle
from platinfra.targets.kubernetes.place import FIELD_MANAGER, MANAGED_BY, PART_OF

_SYSTEM = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
"""No stack may be called so (`reserved-name`); some charts of operators belong there."""


def conflicts(bundle: Bundle, cluster: Cluster, applied: Container[str]) -> Iterator[Diagnostic]:
    """
    Yield the namespaces that are there and that nobody gave to platinfra: the stack's, and those of its operators.

    `applied` are the keys of the steps that the record says are there: their namespaces are ours already.
    """
    name = bundle.place.namespace
    if bundle.place.is_confined and cluster.get(_ref(name)) is None:
        yield _absent(bundle)
    if NAMESPACE not in applied and (found := cluster.get(_ref(name))) and not is_ours(found):
        yield _refusal(name, f"{PART_OF}={name}", "give the stack another `name`")
    operators = {step.release.namespace: step.key for step in bundle.steps if step.release and step.release.shared}
    for each, key in operators.items():
        # Some operators belong where the system is; platinfra neither makes nor deletes it.
        if key not in applied and each not in _SYSTEM:
            found = cluster.get(_ref(each))
            if found and _label(found, MANAGED_BY) != FIELD_MANAGER:
                yield _refusal(each, f"{MANAGED_BY}={FIELD_MANAGER}", "remove what is in it")


def _absent(bundle: Bundle) -> Diagnostic:
    name = bundle.place.namespace
    labels = " ".join(f"{key}={value}" for key, value in access.namespace(bundle.values)["metadata"]["labels"].items())
    hint = f"whoever administers the cluster makes it: `kubectl create namespace {name}` and `kubectl label namespace {name} {labels}`"
    return Diagnostic("namespace-missing", f"the cluster has no namespace `{name}`", hint=hint)


def is_ours(namespace: Object) -> bool:
    """Tell whether a namespace was made for a stack, or given to one."""
    return bool(_label(namespace, PART_OF) == namespace["metadata"]["name"])


def _label(each: Object, name: str) -> Any:
    return (each["metadata"].get("labels") or {}).get(name)


def _ref(name: str) -> ObjectRef:
    return ObjectRef("v1", "Namespace", name)


def _refusal(name: str, label: str, otherwise: str) -> Diagnostic:
    message = f"the namespace `{name}` exists, and platinfra did not make it"
    hint = f"{otherwise}, or hand the namespace over with all that is in it: `kubectl label namespace {name} {label}`"
    return Diagnostic("namespace-taken", message, hint=hint)
