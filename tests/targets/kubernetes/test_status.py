"""How components in a cluster are, by what the API server says of their pods."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from platinfra.diagnostics import ActionError, Diagnostic, PlatinfraError
from platinfra.model.cluster import ObjectRef
from platinfra.model.workspace import Workspace
from platinfra.targets.kubernetes.actions import InstallRelease
from platinfra.targets.kubernetes.plan import plan
from platinfra.targets.kubernetes.record import record_of
from platinfra.targets.kubernetes.verbs.running import InCluster, running, statuses
from platinfra.targets.kubernetes.verbs.site import Site
from tests.kubernetes.stacks import EVERYTHING, MODELS, TRACKING, bundle

ON_DEMAND = {"spark", "metaflow"}
"""Tools that have pods only while jobs run."""
RENDERED = {
    "release:prometheus": [
        {"apiVersion": version, "kind": kind, "metadata": {"name": "prometheus", "namespace": "churn"}}
        for version, kind in (
            ("apps/v1", "Deployment"),
            ("v1", "Service"),
            ("monitoring.coreos.com/v1", "Prometheus"),
            ("monitoring.coreos.com/v1", "PodMonitor"),
        )
    ]
}
"""What a chart with an operator and what that looks after becomes."""


NOTHING: Mapping[str, str] = MappingProxyType({})


class FakeCluster:
    """Has a pod for each set of labels, and what operators look after; `lacking` are the kinds that are not ready, and why."""

    def __init__(self, *pods: dict[str, str], ready: bool = True, lacking: Mapping[str, str] = NOTHING) -> None:
        self.pods, self.ready, self.lacking = pods, ready, lacking

    def find(self, kind: str, namespace: str, labels: dict[str, str]) -> list[dict[str, Any]]:
        found = [(number, each) for number, each in enumerate(self.pods) if labels.items() <= each.items()]
        return [self._pod(number) for number, _ in found]

    def read(self, refs: Sequence[ObjectRef]) -> list[dict[str, Any]]:
        if "everything" in self.lacking:
            raise ActionError(Diagnostic(self.lacking["everything"], "no"))
        return [self._operated(each) for each in refs]

    def _operated(self, ref: ObjectRef) -> dict[str, Any]:
        said = {"status": str(ref.kind not in self.lacking), "reason": self.lacking.get(ref.kind, "")}
        conditions = [{"type": each, **said} for each in ("Reconciled", "Available", "Ready")]
        meta = {"name": ref.name, "namespace": ref.namespace}
        return {"apiVersion": ref.api_version, "kind": ref.kind, "metadata": meta, "status": {"conditions": conditions}}

    def _pod(self, number: int) -> dict[str, Any]:
        conditions = [{"type": "Ready", "status": str(self.ready)}]
        spec = {"containers": [{"image": "example.org/a:1.2"}]}
        meta = {"name": f"pod-{number}", **({"deletionTimestamp": "now"} if "going" in self.pods[number] else {})}
        return {"kind": "Pod", "metadata": meta, "spec": spec, "status": {"conditions": conditions}}


def told(
    text: str, *pods: dict[str, str], ready: bool = True, lacking: Mapping[str, str] = NOTHING
) -> dict[str, tuple[str, str]]:
    cluster: Any = FakeCluster(*pods, ready=ready, lacking=lacking)
    found = statuses(InCluster(record_of(bundle(text), RENDERED), cluster, Site(Path("/nowhere"))))
    return {each.name: (each.health, each.detail) for each in found}


@pytest.mark.finding("K15")
def test_what_runs_on_demand_is_healthy_without_a_job() -> None:
    found = told(MODELS)
    assert {name: found[name] for name in ON_DEMAND} == dict.fromkeys(ON_DEMAND, ("healthy", ""))
    assert found["argo-workflows"] == found["mlflow"] == ("stopped", "it has no pods")


@pytest.mark.finding("K15")
def test_a_failing_job_is_no_failing_component() -> None:
    labels = {"sparkoperator.k8s.io/launched-by-spark-operator": "true"}
    assert told(MODELS, labels, ready=False)["spark"] == ("healthy", "")


@pytest.mark.finding("K15")
def test_a_component_needs_each_kind_of_its_pods() -> None:
    operator, server = (
        {"app.kubernetes.io/instance": "prometheus"},
        {"app.kubernetes.io/managed-by": "prometheus-operator"},
    )
    health, why = told(EVERYTHING, operator)["prometheus"]
    assert (health, why) == ("starting", "it has no pods with app.kubernetes.io/managed-by=prometheus-operator")
    assert told(EVERYTHING, operator, server)["prometheus"] == ("healthy", "")
    assert told(EVERYTHING)["ray"] == ("stopped", "it has no pods")
    assert told(EVERYTHING, {"ray.io/cluster": "ray"})["ray"] == ("healthy", "")


OPERATOR, SERVER = (
    {"app.kubernetes.io/instance": "prometheus"},
    {"app.kubernetes.io/managed-by": "prometheus-operator"},
)


def test_what_up_waits_for_is_what_status_tells() -> None:
    (action,) = (each for each in plan(bundle(TRACKING), RENDERED).actions if each.key == "release:prometheus")
    assert isinstance(action, InstallRelease)
    assert [str(each) for each in action.workloads] == ["Deployment churn/prometheus", "Prometheus churn/prometheus"]
    assert told(TRACKING, OPERATOR, SERVER)["prometheus"] == ("healthy", "")
    lacking = told(TRACKING, OPERATOR, SERVER, lacking={"Prometheus": "NoPodReady"})["prometheus"]
    assert lacking == ("starting", "Prometheus prometheus: NoPodReady")


def test_objects_of_ours_that_operators_look_after_count_too() -> None:
    database = {"cnpg.io/cluster": "cloudnative-pg"}
    assert told(TRACKING, database)["cloudnative-pg"] == ("healthy", "")
    found = told(TRACKING, database, lacking={"Cluster": "NoPodReady"})["cloudnative-pg"]
    assert found == ("starting", "Cluster cloudnative-pg: NoPodReady")


def test_who_may_only_look_at_pods_is_told_of_pods() -> None:
    pods = [OPERATOR, SERVER]
    assert told(TRACKING, *pods, lacking={"everything": "cluster-forbidden"})["prometheus"] == ("healthy", "")
    with pytest.raises(PlatinfraError, match="cluster-unreachable"):
        told(TRACKING, *pods, lacking={"everything": "cluster-unreachable"})


def test_a_pod_that_goes_is_none_that_a_component_needs() -> None:
    assert told(TRACKING, OPERATOR, SERVER, SERVER | {"going": ""})["prometheus"] == ("healthy", "")
    assert told(TRACKING, OPERATOR, SERVER | {"going": ""})["prometheus"] == (
        "starting",
        "it has no pods with app.kubernetes.io/managed-by=prometheus-operator",
    )


@pytest.mark.finding("K15")
def test_a_stack_that_was_taken_down_is_told_of_its_cluster(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "platinfra.yaml")
    workspace.root.mkdir(parents=True)
    site = Site(workspace.root)
    site.file.save(record_of(bundle(MODELS), {}))
    with pytest.raises(PlatinfraError, match=r"not-up: the stack `models` is not in its cluster$"):
        running(workspace)
