"""How many pods there are, how much memory they may take, and which nodes with GPUs they run on."""

from collections.abc import Mapping
from typing import Any

Object = dict[str, Any]
GPU = "nvidia.com/gpu"
"""The resource that NVIDIA's device plugin counts, and the taint of nodes that have it."""
GPU_TOLERATION = {"key": GPU, "operator": "Exists", "effect": "NoSchedule"}
_HOST = "kubernetes.io/hostname"


def most(replicas: int, wanted: int, kind: str) -> int:
    """Return the most pods of a workload: as many as there are always, unless a Deployment may have more."""
    return max(replicas, wanted) if kind == "Deployment" else replicas


def autoscaler(name: str, least: int, largest: int, cpu: int) -> Object:
    """Return what a HorizontalPodAutoscaler says: more pods of a Deployment when they use `cpu` percent of their share."""
    target = {"type": "Utilization", "averageUtilization": cpu}
    return {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "minReplicas": least,
        "maxReplicas": largest,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }


def spread(selector: Mapping[str, str]) -> Object:
    """Return the wish that pods of a workload lie on different nodes; one node less then takes one of them only."""
    return {
        "maxSkew": 1,
        "topologyKey": _HOST,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": dict(selector)},
    }


def twice(quantity: str) -> str:
    """Return a quantity of memory, doubled."""
    number = quantity.rstrip("KMGTPEi")
    return f"{2 * int(number)}{quantity[len(number) :]}"
