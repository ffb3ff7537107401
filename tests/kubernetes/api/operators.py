"""The operators of the server: they make workloads of custom resources, and tell in their status how those are."""

from collections.abc import Callable
from typing import Any, Literal

Outcome = Literal["ready", "pending", "failed", "refused"]
MONITORS = {"Prometheus": "operator.prometheus.io/name", "Alertmanager": "alertmanager"}
"""Kinds of prometheus-operator to the labels by which their pods name them."""
RAY_CLUSTER = "RayCluster"
_NOW = "2026-01-01T00:00:00Z"


def stateful_set(content: dict[str, Any]) -> dict[str, Any]:
    """Return the StatefulSet that prometheus-operator makes of a Prometheus or an Alertmanager."""
    kind, name = content["kind"].lower(), content["metadata"]["name"]
    labels = {
        "app.kubernetes.io/name": kind,
        "app.kubernetes.io/instance": name,
        "app.kubernetes.io/managed-by": "prometheus-operator",
        MONITORS[content["kind"]]: name,
    }
    container = {"name": kind, "image": f"example.org/{kind}:1"}
    spec = {
        "replicas": content.get("spec", {}).get("replicas", 1),
        "serviceName": f"{kind}-operated",
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
    }
    return {"metadata": {"name": f"{kind}-{name}", "ownerReferences": [owner(content)]}, "spec": spec}


def head_pod(content: dict[str, Any]) -> dict[str, Any]:
    """Return the pod that KubeRay makes for the head of a RayCluster."""
    name = content["metadata"]["name"]
    labels = {"ray.io/cluster": name, "ray.io/node-type": "head", "app.kubernetes.io/created-by": "kuberay-operator"}
    container = {"name": "ray-head", "image": "example.org/ray:1"}
    metadata = {"name": f"{name}-head", "labels": labels, "ownerReferences": [owner(content)]}
    return {"metadata": metadata, "spec": {"containers": [container]}}


def owner(content: dict[str, Any]) -> dict[str, Any]:
    """Return a reference to the object that something is made of."""
    metadata = content["metadata"]
    reference = {"apiVersion": content["apiVersion"], "kind": content["kind"], "controller": True}
    return reference | {"name": metadata["name"], "uid": metadata["uid"]}


def monitor_status(content: dict[str, Any], outcome: Outcome) -> dict[str, Any]:
    """Return the status of a Prometheus or an Alertmanager: `Available` follows its pods, `Reconciled` the operator."""
    name, count = content["metadata"]["name"], content.get("spec", {}).get("replicas", 1)
    available = count if outcome == "ready" else 0
    said = {} if outcome == "ready" else {"reason": "NoPodReady"}
    if outcome in ("pending", "failed"):
        kind = content["kind"].lower()
        said["message"] = f"shard 0: pod {kind}-{name}-0: containers with unready status: [{kind}]"
    about = {"observedGeneration": content["metadata"]["generation"], "lastTransitionTime": _NOW}
    conditions = [
        {"type": "Available", "status": str(outcome == "ready"), **said, **about},
        {"type": "Reconciled", "status": "True", **about},
    ]
    numbers = {"replicas": count, "updatedReplicas": count, "availableReplicas": available}
    return {"paused": False, **numbers, "unavailableReplicas": count - available, "conditions": conditions}


def ray_status(content: dict[str, Any], outcome: Outcome) -> dict[str, Any]:
    """Return the status of a RayCluster: of its head, of whether all pods were ready once, and of its workers."""
    groups = content.get("spec", {}).get("workerGroupSpecs", ())
    workers = sum(each.get("replicas", 0) for each in groups)
    ready = outcome == "ready"
    head = {"status": str(ready), "reason": "HeadPodRunningAndReady" if ready else "ContainersNotReady"}
    once = {"status": str(ready), "reason": "AllPodRunningAndReadyFirstTime" if ready else "RayClusterPodsProvisioning"}
    conditions = [{"type": "HeadPodReady", **head}, {"type": "RayClusterProvisioned", **once}]
    if outcome == "refused":
        conditions[0] |= {"reason": "HeadPodNotFound", "message": "Head Pod not found"}
        said = "FailedCreateHeadPod"
        conditions.append({"type": "RayClusterReplicaFailure", "status": "True", "reason": said, "message": REFUSAL})
    numbers = {"desiredWorkerReplicas": workers, "minWorkerReplicas": workers}
    found = {"observedGeneration": content["metadata"]["generation"], **numbers, "conditions": conditions}
    return found | ({"readyWorkerReplicas": workers, "state": "ready"} if ready else {})


REFUSAL = "FailedCreateHeadPod pods is forbidden: exceeded quota: small, requested: memory=4Gi, limited: memory=2Gi"
"""What a real operator says where a quota refuses the head."""
STATUSES: dict[str, Callable[[dict[str, Any], Outcome], dict[str, Any]]] = {
    **dict.fromkeys(MONITORS, monitor_status),
    RAY_CLUSTER: ray_status,
}
