"""Custom resources of which operators make pods: when they are ready, and why they are not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from platinfra.diagnostics import ActionError
from platinfra.drivers import kubernetes_wait
from platinfra.drivers.kubernetes_client import KubernetesClient
from platinfra.drivers.kubernetes_readiness import readiness
from platinfra.model.cluster import Object, ref_of
from tests.kubernetes.api import Cluster, cluster

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ml"}}


def made(api_version: str, kind: str, **spec: Any) -> dict[str, Any]:
    meta = {"name": "web", "namespace": "ml"}
    return {"apiVersion": api_version, "kind": kind, "metadata": meta, "spec": spec}


PROMETHEUS = made("monitoring.coreos.com/v1", "Prometheus", replicas=1)
ALERTMANAGER = made("monitoring.coreos.com/v1", "Alertmanager")
RAY = made("ray.io/v1", "RayCluster", workerGroupSpecs=[{"groupName": "small", "replicas": 2}])
OPERATED = pytest.mark.parametrize("content", [PROMETHEUS, ALERTMANAGER, RAY], ids=lambda each: each["kind"])


def definition(content: Object) -> dict[str, Any]:
    """Return the definition of a custom resource that may say anything."""
    group, _, version = content["apiVersion"].partition("/")
    singular = content["kind"].lower()
    names = {"kind": content["kind"], "plural": f"{singular}s", "singular": singular, "listKind": f"{singular}list"}
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"type": "object", "properties": {"spec": anything, "status": anything}}
    served = {"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{names['plural']}.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [served]},
    }


@pytest.fixture
def api() -> Iterator[Cluster]:
    with cluster() as found:
        for each in (NAMESPACE, *map(definition, (PROMETHEUS, ALERTMANAGER, RAY))):
            found.create(each)
        yield found


@pytest.fixture
def client(api: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KubernetesClient:
    monkeypatch.setattr(kubernetes_wait, "_LOOK", 0.1)
    return KubernetesClient(kubeconfig=api.kubeconfig(tmp_path / "config"), timeout=5)


@OPERATED
def test_a_pod_that_starts_later_is_waited_for(client: KubernetesClient, api: Cluster, content: Object) -> None:
    api.become(content["kind"], "web", "pending")
    client.apply([content])
    said: list[str] = []

    def report(text: str) -> None:
        said.append(text)
        if "CrashLoopBackOff" in text:
            api.become(content["kind"], "web", "ready")

    client.wait_ready(ref_of(content), 20, report, pause=0.05)
    assert said[-1].endswith("CrashLoopBackOff: back-off 10s restarting failed container (3 restarts)")


@pytest.mark.parametrize(
    ("content", "pod", "container"),
    [
        (PROMETHEUS, "prometheus-web-0", "prometheus"),
        (ALERTMANAGER, "alertmanager-web-0", "alertmanager"),
        (RAY, "web-head", "ray-head"),
    ],
    ids=lambda each: each["kind"] if isinstance(each, dict) else each,
)
def test_a_pod_that_never_starts_is_told_with_its_events_and_log(
    client: KubernetesClient, api: Cluster, content: Object, pod: str, container: str
) -> None:
    api.become(content["kind"], "web", "pending")
    api.logs[pod.rpartition("-")[0]] = ["cannot open the database"]
    client.apply([content])
    with pytest.raises(ActionError) as error:
        client.wait_ready(ref_of(content), 0.3, pause=0.1)
    (found,) = error.value.diagnostics
    assert found.code == "not-ready"
    assert found.message.startswith(f"{content['kind']} ml/web was not ready within 0.3 s: ")
    assert found.details == (
        f"pod {pod}: container {container}: CrashLoopBackOff: back-off 10s restarting failed container (3 restarts)",
        "event: BackOff: Back-off restarting failed container",
        f"{container} | cannot open the database",
    )


@OPERATED
def test_pods_that_are_refused_are_told_and_not_waited_for(
    client: KubernetesClient, api: Cluster, monkeypatch: pytest.MonkeyPatch, content: Object
) -> None:
    monkeypatch.setattr(kubernetes_wait, "_GRACE", 0.3)
    api.become(content["kind"], "web", "refused")
    client.apply([content])
    with pytest.raises(ActionError, match="exceeded quota: small"):
        client.wait_ready(ref_of(content), 60, pause=0.05)


def about(number: int = 2, *, status: str = "True", **said: str) -> dict[str, Any]:
    return {"status": status, "observedGeneration": number, **said}


def monitor(available: dict[str, Any], reconciled: dict[str, Any] | None = None, **status: Any) -> Object:
    """Return a Prometheus in its second generation."""
    conditions = [{"type": "Available", **available}, {"type": "Reconciled", **(reconciled or about())}]
    meta = {**PROMETHEUS["metadata"], "generation": 2}
    return {**PROMETHEUS, "metadata": meta, "status": {"conditions": conditions, **status}}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (monitor(about()), ""),
        (monitor(about(), replicas=2, updatedReplicas=2), ""),
        ({**PROMETHEUS, "status": {}}, "its operator has not looked at it yet"),
        (PROMETHEUS, "its operator has not looked at it yet"),
        (monitor(about(1)), "the last change was not observed yet"),
        (monitor(about(), about(1)), "the last change was not observed yet"),
        (monitor(about(status="Degraded", reason="SomePodsNotReady", message="shard 0:\nb")), "SomePodsNotReady shard 0: b"),
        (monitor(about(status="False", reason="NoPodReady")), "NoPodReady"),
        (monitor(about(), about(status="False", reason="ReconciliationFailed", message="no")), "ReconciliationFailed no"),
        (monitor(about(), replicas=3, updatedReplicas=1), "2 old pods are still there"),
    ],
)  # fmt: skip
def test_what_prometheus_operator_says_counts(content: Object, why: str) -> None:
    found = readiness(content)
    assert (found.ready, found.why, found.failed) == (not why, why, False)


def ray(spec: dict[str, Any], **status: Any) -> Object:
    both = [{"type": each, "status": "True"} for each in ("HeadPodReady", "RayClusterProvisioned")]
    return {**RAY, "spec": spec, "status": {"conditions": both, **status}}


NOT_ONCE = [
    {"type": "HeadPodReady", "status": "True"},
    {"type": "RayClusterProvisioned", "status": "False", "reason": "RayClusterPodsProvisioning"},
]
HEADLESS = [{"type": "HeadPodReady", "status": "False", "reason": "HeadPodNotFound", "message": "Head Pod not found"}]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (ray({}), ""),
        (ray({}, desiredWorkerReplicas=2, readyWorkerReplicas=2), ""),
        (ray({}, desiredWorkerReplicas=2, readyWorkerReplicas=1, state="ready"), "1 of 2 worker pods are ready"),
        (ray({"enableInTreeAutoscaling": True}, desiredWorkerReplicas=5, minWorkerReplicas=1, readyWorkerReplicas=1), ""),
        (ray({"enableInTreeAutoscaling": True}, minWorkerReplicas=1), "0 of 1 worker pods are ready"),
        (ray({}, conditions=NOT_ONCE), "RayClusterPodsProvisioning"),
        (ray({}, conditions=HEADLESS, state="ready"), "HeadPodNotFound Head Pod not found"),
        (ray({"suspend": True}, state="suspended"), "it is suspended"),
        (ray({}, conditions=[], state="ready"), ""),
        (ray({}, conditions=[]), "its state is unknown"),
        ({**RAY, "metadata": {**RAY["metadata"], "generation": 2}, "status": {"observedGeneration": 1, "state": "ready"}},
         "the last change was not observed yet"),
    ],
)  # fmt: skip
def test_what_kuberay_says_counts(content: Object, why: str) -> None:
    found = readiness(content)
    assert (found.ready, found.why, found.failed) == (not why, why, False)
