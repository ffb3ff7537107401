"""How components in a cluster are, by what the API server says of their pods."""

from pathlib import Path
from typing import Any

import pytest
from tests.kubernetes.stacks import EVERYTHING, MODELS, bundle

from platinfra.diagnostics import PlatinfraError
from platinfra.model.workspace import Workspace
from platinfra.targets.kubernetes.record import record_of
from platinfra.targets.kubernetes.verbs.running import InCluster, running, statuses
from platinfra.targets.kubernetes.verbs.site import Site

ON_DEMAND = {"spark", "metaflow"}
"""Tools that have pods only while jobs run."""


class FakeCluster:
    """Has a pod for each set of labels."""

    def __init__(self, *pods: dict[str, str], ready: bool = True) -> None:
        self.pods, self.ready = pods, ready

    def find(self, kind: str, namespace: str, labels: dict[str, str]) -> list[dict[str, Any]]:
        found = [(number, each) for number, each in enumerate(self.pods) if labels.items() <= each.items()]
        return [self._pod(number) for number, _ in found]

    def _pod(self, number: int) -> dict[str, Any]:
        conditions = [{"type": "Ready", "status": str(self.ready)}]
        spec = {"containers": [{"image": "example.org/a:1.2"}]}
        return {"metadata": {"name": f"pod-{number}"}, "spec": spec, "status": {"conditions": conditions}}


def told(text: str, *pods: dict[str, str], ready: bool = True) -> dict[str, tuple[str, str]]:
    cluster: Any = FakeCluster(*pods, ready=ready)
    found = statuses(InCluster(record_of(bundle(text)), cluster, Site(Path("/nowhere"))))
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


@pytest.mark.finding("K15")
def test_a_stack_that_was_taken_down_is_told_of_its_cluster(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "platinfra.yaml")
    workspace.root.mkdir(parents=True)
    site = Site(workspace.root)
    site.file.save(record_of(bundle(MODELS)))
    with pytest.raises(PlatinfraError, match=r"not-up: the stack `models` is not in its cluster$"):
        running(workspace)
