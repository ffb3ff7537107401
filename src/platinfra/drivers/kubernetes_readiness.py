"""Whether an object is ready, by what its own status says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from platinfra.drivers.kubernetes_objects import is_custom
from platinfra.model.cluster import Object, ref_of

_STUCK = "ProgressDeadlineExceeded"
_READY = ("Ready", "Available", "Established", "Complete", "Succeeded")


@dataclass(frozen=True, slots=True)
class Readiness:
    """`failed` means that waiting longer is of no use; `why` says what is missing."""

    ready: bool
    why: str = ""
    failed: bool = False


def readiness(content: Object) -> Readiness:
    """Judge an object: workloads by their numbers, all others by their conditions; what has no status is ready."""
    if "deletionTimestamp" in content["metadata"]:
        return Readiness(ready=False, why="is being deleted")
    observed = content.get("status", {}).get("observedGeneration")
    if observed is not None and observed < content["metadata"].get("generation", 0):
        return Readiness(ready=False, why="the last change was not observed yet")
    judge = _JUDGES.get(content["kind"], _by_conditions)
    return judge(content)


def condition(content: Object, kind: str) -> Mapping[str, Any]:
    """Return a condition of an object, an empty one when it has none of the kind."""
    found = content.get("status", {}).get("conditions") or ()
    return next((each for each in found if each.get("type") == kind), {})


def _deployment(content: Object) -> Readiness:
    progressing = condition(content, "Progressing")
    if progressing.get("reason") == _STUCK:
        return Readiness(ready=False, why=str(progressing.get("message") or "it made no progress"), failed=True)
    wanted, status = content["spec"].get("replicas", 1), content.get("status", {})
    old = status.get("replicas", 0) - status.get("updatedReplicas", 0)
    if old > 0:
        return Readiness(ready=False, why=f"{old} old pods are still there")
    return _compare_counts(min(status.get("updatedReplicas", 0), status.get("availableReplicas", 0)), wanted)


def _stateful_set(content: Object) -> Readiness:
    wanted, status = content["spec"].get("replicas", 1), content.get("status", {})
    partition = content["spec"].get("updateStrategy", {}).get("rollingUpdate", {}).get("partition", 0)
    outdated = status.get("currentRevision") != status.get("updateRevision") and not partition
    if outdated and status.get("updatedReplicas", 0) < wanted:
        return Readiness(ready=False, why=f"{status.get('updatedReplicas', 0)} of {wanted} pods are up to date")
    return _compare_counts(status.get("readyReplicas", 0), wanted)


def _daemon_set(content: Object) -> Readiness:
    status = content.get("status", {})
    if "desiredNumberScheduled" not in status:
        return Readiness(ready=False, why="it is not scheduled yet")
    updated = status.get("updatedNumberScheduled", 0)
    return _compare_counts(min(updated, status.get("numberAvailable", 0)), status["desiredNumberScheduled"])


def _job(content: Object) -> Readiness:
    failed = condition(content, "Failed")
    if failed.get("status") == "True":
        why = " ".join(filter(None, (failed.get("reason"), failed.get("message")))) or "it failed"
        return Readiness(ready=False, why=why, failed=True)
    done = condition(content, "Complete").get("status") == "True"
    return Readiness(done, "" if done else "it is still running")


def _pod(content: Object) -> Readiness:
    phase = content.get("status", {}).get("phase")
    if phase == "Failed":
        return Readiness(ready=False, why=str(content["status"].get("message") or "it failed"), failed=True)
    ready = phase == "Succeeded" or condition(content, "Ready").get("status") == "True"
    return Readiness(ready, "" if ready else f"its phase is {phase or 'unknown'}")


def _definition(content: Object) -> Readiness:
    refused = condition(content, "NamesAccepted")
    if refused.get("status") == "False":
        return Readiness(ready=False, why=str(refused.get("message") or "its names are taken"), failed=True)
    ready = condition(content, "Established").get("status") == "True"
    return Readiness(ready, "" if ready else "it is not established yet")


def _by_conditions(content: Object) -> Readiness:
    """Judge what is not a workload; custom resources have to say that they are ready, core objects need no status."""
    found = [each for each in (condition(content, kind) for kind in _READY) if each]
    if found:
        first = found[0]
        why = " ".join(filter(None, (first.get("reason"), first.get("message"))))
        return Readiness(
            first.get("status") == "True", "" if first.get("status") == "True" else why or "it is not ready"
        )
    custom = is_custom(ref_of(content))
    return Readiness(not custom, "it does not report ready yet" if custom else "")


def _compare_counts(ready: int, wanted: int) -> Readiness:
    return Readiness(ready >= wanted, "" if ready >= wanted else f"{ready} of {wanted} pods are ready")


_JUDGES: Mapping[str, Callable[[Object], Readiness]] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "Pod": _pod,
    "CustomResourceDefinition": _definition,
}
