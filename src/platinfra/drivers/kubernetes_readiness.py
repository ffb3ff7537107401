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


_UNSEEN = Readiness(ready=False, why="the last change was not observed yet")


def readiness(content: Object | None) -> Readiness:
    """
    Judge an object, None when it is not there: workloads by their numbers, all others by their conditions.

    What is Kubernetes' own and has no status is ready.
    """
    if content is None:
        return Readiness(ready=False, why="it does not exist")
    if "deletionTimestamp" in content["metadata"]:
        return Readiness(ready=False, why="is being deleted")
    if _is_outdated(content.get("status", {}), content):
        return _UNSEEN
    judge = _JUDGES.get(content["kind"], _by_conditions)
    return judge(content)


def _is_outdated(said: Mapping[str, Any], content: Object) -> bool:
    """Tell whether something was said of an object before its last change."""
    observed = said.get("observedGeneration")
    return observed is not None and observed < content["metadata"].get("generation", 0)


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
    if _holds(failed):
        return Readiness(ready=False, why=_words(failed) or "it failed", failed=True)
    done = _holds(condition(content, "Complete"))
    return Readiness(done, "" if done else "it is still running")


def _pod(content: Object) -> Readiness:
    phase = content.get("status", {}).get("phase")
    if phase == "Failed":
        return Readiness(ready=False, why=str(content["status"].get("message") or "it failed"), failed=True)
    ready = phase == "Succeeded" or _holds(condition(content, "Ready"))
    return Readiness(ready, "" if ready else f"its phase is {phase or 'unknown'}")


def _definition(content: Object) -> Readiness:
    refused = condition(content, "NamesAccepted")
    if refused.get("status") == "False":
        return Readiness(ready=False, why=str(refused.get("message") or "its names are taken"), failed=True)
    ready = _holds(condition(content, "Established"))
    return Readiness(ready, "" if ready else "it is not established yet")


def _monitor(content: Object) -> Readiness:
    """
    Judge a Prometheus or an Alertmanager: each condition tells of which generation it is.

    `Available` is `Degraded` while some pods are not ready, and `True` also while old ones are there. Source:
    prometheus-operator, `pkg/apis/monitoring/v1` and `StatusReporter`.
    """
    status = content.get("status", {})
    for each in (condition(content, "Reconciled"), condition(content, "Available")):
        if not each:
            return Readiness(ready=False, why="its operator has not looked at it yet")
        if _is_outdated(each, content):
            return _UNSEEN
        if not _holds(each):
            return Readiness(ready=False, why=_words(each) or "it is not ready")
    old = status.get("replicas", 0) - status.get("updatedReplicas", 0)
    return Readiness(ready=old <= 0, why=f"{old} old pods are still there" if old > 0 else "")


def _ray_cluster(content: Object) -> Readiness:
    """
    Judge a RayCluster by its head, and by the workers that it is to have at least.

    `RayClusterProvisioned` and `state` tell only whether all were ready once. Source: KubeRay, `calculateStatus` and
    `RayClusterStatus`; before its version 1.3 there are no conditions.
    """
    spec, status = content["spec"], content.get("status", {})
    state = status.get("state")
    if spec.get("suspend"):
        return Readiness(ready=False, why="it is suspended")
    if not status.get("conditions"):
        return Readiness(state == "ready", "" if state == "ready" else f"its state is {state or 'unknown'}")
    for each in (condition(content, "HeadPodReady"), condition(content, "RayClusterProvisioned")):
        if not _holds(each):
            return Readiness(ready=False, why=_words(each) or "it is not ready")
    # Workers beyond the fewest come when tasks wait for them.
    wanted = "minWorkerReplicas" if spec.get("enableInTreeAutoscaling") else "desiredWorkerReplicas"
    return _compare_counts(status.get("readyWorkerReplicas", 0), status.get(wanted, 0), "worker pods")


def _by_conditions(content: Object) -> Readiness:
    """Judge what is not a workload; custom resources have to say that they are ready, core objects need no status."""
    found = [each for each in (condition(content, kind) for kind in _READY) if each]
    if found:
        ready = _holds(found[0])
        return Readiness(ready, "" if ready else _words(found[0]) or "it is not ready")
    custom = is_custom(ref_of(content))
    return Readiness(not custom, "it does not report ready yet" if custom else "")


def _holds(condition: Mapping[str, Any]) -> bool:
    return condition.get("status") == "True"


def _words(condition: Mapping[str, Any]) -> str:
    """Return what a condition says, in one line."""
    said = (str(condition.get(each) or "") for each in ("reason", "message"))
    return " ".join(" ".join(said).split())


def _compare_counts(ready: int, wanted: int, what: str = "pods") -> Readiness:
    return Readiness(ready >= wanted, "" if ready >= wanted else f"{ready} of {wanted} {what} are ready")


_JUDGES: Mapping[str, Callable[[Object], Readiness]] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "Pod": _pod,
    "CustomResourceDefinition": _definition,
    "Prometheus": _monitor,
    "Alertmanager": _monitor,
    "RayCluster": _ray_cluster,
}
