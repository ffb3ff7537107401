"""Clusters that a stage names: what a stack runs in anyway is no tool, and everywhere else it is refused."""

import pytest
from tests.stacks import resolved

from platinfra.diagnostics import PlatinfraError

CLUSTER = "name: one\nprovider: {name: kubernetes}\nstack:\n  pipelining: [prefect]\n  orchestrator: [NAME]\n"


@pytest.mark.parametrize("name", ["azure-aks", "aks", "gke", "kubernetes", "k3d"])
def test_a_stack_in_a_cluster_may_name_its_kind(name: str) -> None:
    found = resolved(CLUSTER.replace("NAME", name)).graph
    assert set(found.components) == {*resolved(CLUSTER.replace("  orchestrator: [NAME]\n", "")).graph.components}
    assert f"`{name}` is the cluster that the stack runs in, so nothing is added for `orchestrator`" in found.notes


@pytest.mark.parametrize(
    "text",
    [
        CLUSTER.replace("kubernetes", "local").replace("NAME", "gke"),
        CLUSTER.replace("NAME", "gke: {settings: {nodes: 3}}"),
        CLUSTER.replace("orchestrator", "experiment_tracker").replace("NAME", "gke"),
        CLUSTER.replace("NAME", "openshift"),  # its defaults refuse pods of the catalog
    ],
    ids=["elsewhere", "with settings", "for another stage", "openshift"],
)
def test_anything_else_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(PlatinfraError) as error:
        resolved(text)
    [problem] = error.value.diagnostics
    assert problem.code == "no-route"
    assert "`provider: {name: kubernetes, context: …}`" in str(problem.hint)
