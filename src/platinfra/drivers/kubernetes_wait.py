"""Wait until an object is ready, and find out why it is not."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.drivers.kubernetes_readiness import Readiness, condition, readiness
from platinfra.model.cluster import Object, ObjectRef

if TYPE_CHECKING:
    from platinfra.drivers.kubernetes_client import KubernetesClient

_STRIKES = 3
"""Times that a cluster may not answer in a row: its own upgrades make it pause."""
_PODS, _EVENTS, _LINES = 3, 5, 10
_LOOK = 2.0
"""Seconds after which it is asked why, and again."""
_GRACE = 30.0
"""Seconds for which something may be refused that no waiting mends: whoever set the limit may just be changing it."""
_REFUSED = re.compile(r"exceeded quota|violates PodSecurity|is forbidden|denied the request|InvalidImageName")
"""Words of the reasons for which a pod will not be there whatever the time."""
_HARMLESS = ("PodInitializing", "ContainerCreating")
_NAMED_BY = {
    "Job": "job-name",
    "Cluster": "cnpg.io/cluster",
    "InferenceService": "serving.kserve.io/inferenceservice",
    "Prometheus": "operator.prometheus.io/name",
    "Alertmanager": "alertmanager",
    "RayCluster": "ray.io/cluster",
}
"""Kind to the label by which the pods that are made of an object name it, where it does not say so itself."""
_BETWEEN = ("Prometheus", "Alertmanager")
"""Kinds of which an operator makes a StatefulSet, called `KIND-NAME`, that makes the pods."""


def wait_ready(
    cluster: "KubernetesClient",
    ref: ObjectRef,
    timeout: float,
    report: Callable[[str], None],
    cancelled: Callable[[], bool],
    pause: float,
) -> None:
    """Look every `pause` seconds; raise ActionError when it is not ready in time, can never be, or is cancelled."""
    deadline, strikes, said = time.monotonic() + timeout, 0, ""
    obstacle = _Obstacle(cluster, ref)
    while True:
        try:
            content = cluster.get(ref)
            found, strikes = readiness(content), 0
        except ActionError as error:
            strikes += 1
            if strikes >= _STRIKES or error.diagnostics[0].code != "cluster-unreachable":
                raise
            content, found = None, Readiness(ready=False, why="the cluster does not answer")
        if found.ready:
            return
        if content and not found.failed:
            found = obstacle.judge(content, found)
        if found.why != said:
            said = found.why
            report(f"{ref}: {said}")
        if cancelled():
            message = f"waiting for {ref} was interrupted"
            raise ActionError(Diagnostic("interrupted", message, hint="run the command again"))
        if found.failed or time.monotonic() >= deadline:
            raise not_ready(cluster, ref, content, found, timeout)
        time.sleep(min(pause, max(0.0, deadline - time.monotonic())))


class _Obstacle:
    """What keeps an object from becoming ready, asked every few seconds."""

    def __init__(self, cluster: "KubernetesClient", ref: ObjectRef) -> None:
        self._cluster, self._ref = cluster, ref
        self._next = time.monotonic() + _LOOK
        self._reason = ""
        self._refused_since: float | None = None

    def judge(self, content: Object, found: Readiness) -> Readiness:
        """Return how an object is, with the reason for it; what is refused for long has failed."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _LOOK
            self._reason = next(_reasons(self._cluster, self._ref, content, logs=False), "")
            if not _REFUSED.search(self._reason):
                self._refused_since = None
            elif self._refused_since is None:
                self._refused_since = now
        if not self._reason:
            return found
        failed = self._refused_since is not None and now - self._refused_since >= _GRACE
        return replace(found, why=f"{found.why}: {self._reason}" if found.why else self._reason, failed=failed)


def not_ready(
    cluster: "KubernetesClient", ref: ObjectRef, content: Object | None, found: Readiness, timeout: float
) -> ActionError:
    """Return what to tell about an object that is not ready, with what its pods say."""
    when = "failed" if found.failed else f"was not ready within {timeout:g} s"
    hint = f"`kubectl describe {ref.kind.lower()} {ref.name}{f' -n {ref.namespace}' if ref.namespace else ''}` shows all details"
    details = tuple(_reasons(cluster, ref, content)) if content else ()
    return ActionError(Diagnostic("not-ready", f"{ref} {when}: {found.why}", hint=hint, details=details))


def _reasons(cluster: "KubernetesClient", ref: ObjectRef, content: Object, *, logs: bool = True) -> Iterator[str]:
    """Yield why an object is not ready: pods that were refused, what keeps pods from running, their events and logs."""
    for refused in (condition(content, each) for each in ("ReplicaFailure", "RayClusterReplicaFailure")):
        if refused.get("status") == "True":
            yield f"{refused.get('reason', '')}: {refused.get('message', '')}".strip(": ")
    pods = [each for each in _pods(cluster, ref, content) if not readiness(each).ready][:_PODS]
    for pod in pods:
        yield from _pod_reasons(pod)
    owners = [ref.name, *([f"{ref.kind.lower()}-{ref.name}"] if ref.kind in _BETWEEN else [])]
    yield from _events(cluster, ref.namespace, [each["metadata"]["name"] for each in pods] or owners)
    for pod in pods[:1] if logs else ():
        yield from _log(cluster, ref.namespace, pod)


def _pods(cluster: "KubernetesClient", ref: ObjectRef, content: Object) -> Sequence[Object]:
    if ref.kind == "Pod":
        return [content]
    named = {_NAMED_BY[ref.kind]: ref.name} if ref.kind in _NAMED_BY else {}
    labels = named or content.get("spec", {}).get("selector", {}).get("matchLabels") or {}
    return cluster.find("pods", ref.namespace, labels) if labels else ()


def _pod_reasons(pod: Object) -> Iterator[str]:
    name = pod["metadata"]["name"]
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        yield f"pod {name}: {scheduled.get('reason', '')} {scheduled.get('message', '')}".rstrip()
    for each in _containers(pod):
        state = _waiting(each)
        if state:
            restarts = f" ({each['restartCount']} restarts)" if each.get("restartCount") else ""
            yield f"pod {name}: container {each['name']}: {state}{restarts}"


def _containers(pod: Object) -> list[Mapping[str, Any]]:
    status = pod.get("status", {})
    return [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]


def _waiting(container: Mapping[str, Any]) -> str:
    """Return why a container does not run; empty when it does, or when it is about to."""
    state = container.get("state", {})
    found = state.get("waiting") or state.get("terminated") or {}
    if found.get("reason") in (None, "Completed", *_HARMLESS):
        return ""
    code = f", exit code {found['exitCode']}" if "exitCode" in found else ""
    return f"{found['reason']}{code}{': ' + found['message'] if found.get('message') else ''}"


def _events(cluster: "KubernetesClient", namespace: str, names: Sequence[str]) -> Iterator[str]:
    found = [
        each
        for each in cluster.find("events", namespace or "default")
        if each.get("type") != "Normal" and each.get("involvedObject", {}).get("name") in names
    ]
    found.sort(key=lambda each: str(each.get("lastTimestamp") or each.get("eventTime") or ""))
    for each in found[-_EVENTS:]:
        yield f"event: {each.get('reason', '')}: {' '.join(str(each.get('message', '')).split())}"


def _log(cluster: "KubernetesClient", namespace: str, pod: Object) -> Iterator[str]:
    failing = next((each for each in _containers(pod) if _waiting(each)), None)
    if failing is None:
        return
    name, previous = pod["metadata"]["name"], bool(failing.get("restartCount"))
    for each in cluster.last_lines(name, namespace, failing["name"], _LINES, previous=previous):
        yield f"{failing['name']} | {each}"
