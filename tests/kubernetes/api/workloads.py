"""The controllers and the node of the server: workloads become ready, stay as they are, or fail, as a test wishes."""

import copy
from collections.abc import Callable
from typing import Any

from . import operators
from .operators import Outcome
from .store import Store, Stored

_STATUS = Callable[[dict[str, Any], int, Outcome], dict[str, Any]]
QUOTA = (
    'pods "web-7d5c" is forbidden: exceeded quota: small, requested: memory=2Gi, used: memory=1Gi, limited: memory=2Gi'
)
"""What a real server says where a quota refuses the pods of a workload."""
WAITING = ("CrashLoopBackOff", "back-off 10s restarting failed container")


class Workloads:
    """
    Sets the status of workloads as soon as they are written, with one Pod each; `outcomes` names the exceptions.

    Of some custom resources it makes the workloads too, as their operators do.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.outcomes: dict[tuple[str, str], Outcome] = {}
        """Kind and name to what becomes of it; `ready` where nothing stands."""
        self.logs: dict[str, list[str]] = {}
        """The lines of a workload's Pods, by its name."""
        store.after = self.settle

    def become(self, kind: str, name: str, outcome: Outcome) -> None:
        """Say what becomes of a workload, also of one that is there already."""
        self.outcomes[kind, name] = outcome
        with self._store.changed:
            for known in [each for each in self._store.kinds if each.name == kind]:
                for content in self._store.list(known):
                    if content["metadata"]["name"] == name:
                        found = self._store.find(known, content["metadata"].get("namespace", ""), name)
                        assert found
                        self.settle(found)

    def settle(self, found: Stored) -> None:
        """Set the status of a workload and make its Pod."""
        outcome = self.outcomes.get((found.kind.name, found.key[1]), "ready")
        if found.kind.custom:
            self._operate(found, outcome)
            return
        status = _STATUSES.get(found.kind.name)
        if status is None or (found.kind.name == "Pod" and found.content["metadata"].get("ownerReferences")):
            return
        content = found.content
        count = content.get("spec", {}).get("replicas", 1)
        generation = {} if found.kind.name in ("Pod", "Job") else {"observedGeneration": _generation(content)}
        self._store.set_status(found.kind, *found.key, generation | status(content, count, outcome))
        if outcome == "refused":
            self._event(found.key[0], found.key[1], found.kind.name, "FailedCreate", QUOTA)
        elif found.kind.name != "Pod" and count:
            self._pod(found, outcome)

    def _operate(self, found: Stored, outcome: Outcome) -> None:
        """Do what the operator of a custom resource does; nothing for those that have none here."""
        namespace, name = found.key
        content = found.content | {"apiVersion": found.kind.api_version, "kind": found.kind.name}
        if found.kind.name in operators.MONITORS:
            made = operators.stateful_set(content)
            self.outcomes["StatefulSet", made["metadata"]["name"]] = outcome
            self._make("apps/v1", "StatefulSet", namespace, made)
            self.become("StatefulSet", made["metadata"]["name"], outcome)
        elif found.kind.name == operators.RAY_CLUSTER and outcome != "refused":
            made = operators.head_pod(content)
            self._make("v1", "Pod", namespace, made)
            self._set_pod(namespace, made["metadata"]["name"], outcome)
        if found.kind.name in operators.STATUSES:
            status = operators.STATUSES[found.kind.name](content, outcome)
            self._store.set_status(found.kind, namespace, name, status)

    def _make(self, api_version: str, kind: str, namespace: str, content: dict[str, Any]) -> None:
        known = self._store.kind(api_version, kind)
        if self._store.find(known, namespace, content["metadata"]["name"]) is None:
            self._store.create(known, content, namespace, "operator")

    def _pod(self, owner: Stored, outcome: Outcome) -> None:
        namespace, name = owner.key
        kind = self._store.kind("v1", "Pod")
        if self._store.find(kind, namespace, f"{name}-0") is None:
            template = copy.deepcopy(owner.content["spec"]["template"])
            metadata = {"name": f"{name}-0", "labels": template.get("metadata", {}).get("labels", {})}
            if owner.kind.name == "Job":
                metadata["labels"] |= {"job-name": name, "batch.kubernetes.io/job-name": name}
            reference = {"apiVersion": owner.kind.api_version, "kind": owner.kind.name, "controller": True}
            reference |= {"name": name, "uid": owner.content["metadata"]["uid"]}
            pod = {"metadata": metadata | {"ownerReferences": [reference]}, "spec": template["spec"]}
            self._store.create(kind, pod, namespace, "server")
        self._set_pod(namespace, f"{name}-0", outcome)

    def _set_pod(self, namespace: str, name: str, outcome: Outcome) -> None:
        kind = self._store.kind("v1", "Pod")
        content = self._store.get(kind, namespace, name)
        self._store.set_status(kind, namespace, name, _pod_status(content, 1, outcome))
        if outcome != "ready":
            self._event(namespace, name, "Pod", "BackOff", "Back-off restarting failed container")

    def _event(self, namespace: str, name: str, about: str, reason: str, message: str) -> None:
        kind = self._store.kind("v1", "Event")
        if self._store.find(kind, namespace, f"{name}.1") is None:
            involved = {"kind": about, "name": name, "namespace": namespace, "apiVersion": "v1"}
            event = {"metadata": {"name": f"{name}.1"}, "involvedObject": involved, "type": "Warning", "reason": reason}
            event |= {"message": message, "lastTimestamp": "2026-01-01T00:00:00Z"}
            self._store.create(kind, event, namespace, "server")


def _generation(content: dict[str, Any]) -> int:
    return int(content["metadata"]["generation"])


def _condition(kind: str, *, on: bool, reason: str = "") -> dict[str, Any]:
    return {"type": kind, "status": str(on), "reason": reason, "lastTransitionTime": "2026-01-01T00:00:00Z"}


def _deployment(content: dict[str, Any], count: int, outcome: Outcome) -> dict[str, Any]:
    ready = outcome == "ready"
    if outcome == "refused":
        failure = _condition("ReplicaFailure", on=True, reason="FailedCreate") | {"message": QUOTA}
        return {"replicas": 0, "unavailableReplicas": count, "conditions": [_condition("Available", on=False), failure]}
    ended = _condition("Progressing", on=outcome != "failed", reason="ProgressDeadlineExceeded" if not ready else "")
    if outcome == "pending":
        ended["reason"] = "ReplicaSetUpdated"
    numbers = {"replicas": count, "updatedReplicas": count}
    done = {"readyReplicas": count, "availableReplicas": count} if ready else {"unavailableReplicas": count}
    return numbers | done | {"conditions": [_condition("Available", on=ready), ended]}


def _stateful(content: dict[str, Any], count: int, outcome: Outcome) -> dict[str, Any]:
    ready = count if outcome == "ready" else 0
    same = {"currentRevision": "one", "updateRevision": "one"}
    return {"replicas": count, "updatedReplicas": count, "readyReplicas": ready, "availableReplicas": ready} | same


def _daemon(content: dict[str, Any], count: int, outcome: Outcome) -> dict[str, Any]:
    ready = 1 if outcome == "ready" else 0
    numbers = {"desiredNumberScheduled": 1, "currentNumberScheduled": 1, "updatedNumberScheduled": 1}
    return numbers | {"numberMisscheduled": 0, "numberReady": ready, "numberAvailable": ready}


def _job(content: dict[str, Any], count: int, outcome: Outcome) -> dict[str, Any]:
    if outcome in ("pending", "refused"):
        return {"active": 1}
    if outcome == "failed":
        return {"failed": 1, "conditions": [_condition("Failed", on=True, reason="BackoffLimitExceeded")]}
    return {"succeeded": 1, "conditions": [_condition("Complete", on=True)]}


def _pod_status(content: dict[str, Any], count: int, outcome: Outcome) -> dict[str, Any]:
    ready = outcome == "ready"
    reason, message = WAITING
    state = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
    if not ready:
        state = {"waiting": {"reason": reason, "message": message}}
    containers = [
        {
            "name": each["name"],
            "ready": ready,
            "restartCount": 0 if ready else 3,
            "state": state,
            "image": "",
            "imageID": "",
        }
        for each in content["spec"]["containers"]
    ]
    phase = "Running" if ready else "Pending"
    return {"phase": phase, "conditions": [_condition("Ready", on=ready)], "containerStatuses": containers}


_STATUSES: dict[str, _STATUS] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful,
    "DaemonSet": _daemon,
    "Job": _job,
    "Pod": _pod_status,
}
