"""The pods that objects make."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Object = Mapping[str, Any]
_TEMPLATES = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Pod": (),
}
"""Kind to where its pod's metadata and spec are."""
_LASTING = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
_OPERATED = frozenset(
    {
        ("postgresql.cnpg.io", "Cluster"),
        ("serving.kserve.io", "InferenceService"),
        ("monitoring.coreos.com", "Prometheus"),
        ("monitoring.coreos.com", "Alertmanager"),
        ("ray.io", "RayCluster"),
    }
)
"""Groups and kinds of which operators make pods, and in whose status they tell how those are."""


def templates(objects: Iterable[Object]) -> Iterator[tuple[Object, Object]]:
    """Yield each object that makes pods, with the template of its pods."""
    for each in objects:
        if each["kind"] in _TEMPLATES:
            found: Any = each
            for key in _TEMPLATES[each["kind"]]:
                found = found[key]
            yield each, found


def is_operated(each: Object) -> bool:
    """Tell whether an operator makes pods of an object, and tells in its status how they are."""
    return (each["apiVersion"].partition("/")[0], each["kind"]) in _OPERATED


def lasts(each: Object) -> bool:
    """Tell whether an object has pods that are to run for as long as it is there."""
    return each["kind"] in _LASTING or is_operated(each)


def is_hook(each: Object) -> bool:
    """Tell whether an object is a test of Helm's, which nobody runs here."""
    hooks = (each["metadata"].get("annotations") or {}).get("helm.sh/hook", "")
    return "test" in hooks.split(",")


def is_any_hook(each: Object) -> bool:
    """Tell whether Helm makes an object at some moment and does not keep it."""
    return "helm.sh/hook" in (each["metadata"].get("annotations") or {})
