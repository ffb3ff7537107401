"""What a stack's steps hold in a cluster is looked at for several steps, and several objects of each, at the same time."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from platinfra.drivers.cluster_secrets import ClusterSecrets
from platinfra.drivers.kubernetes_client import KubernetesClient
from platinfra.model.plan import Plan
from platinfra.model.record import ActionRecord
from platinfra.model.reference import Secret
from platinfra.targets.kubernetes.actions import ApplyObjects, ClusterWorld
from platinfra.targets.kubernetes.record import ClusterRecord
from platinfra.targets.kubernetes.verbs.drift import drift_of
from platinfra.targets.kubernetes.verbs.plan import compare
from tests.kubernetes.api import Cluster, cluster

OBJECTS = 24


@pytest.fixture
def api() -> Iterator[Cluster]:
    with cluster() as found:
        yield found


def settings(number: int) -> dict[str, Any]:
    meta = {"name": f"settings-{number}", "namespace": "default"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": {"key": Secret("web", "key", "own")}}


def session(api: Cluster, folder: Path, steps: int) -> Any:
    """Return a session of so many steps that were applied, with the objects shared out between them."""
    client: Any = KubernetesClient(kubeconfig=api.kubeconfig(folder / "config"))
    made, unmade = (ClusterSecrets(client, "default", keep=keep) for keep in (True, False))
    world = ClusterWorld(SimpleNamespace(), client, made, unmade, "1.34")  # type: ignore[arg-type]
    objects = [settings(each) for each in range(OBJECTS)]
    actions = tuple(
        ApplyObjects(key=f"step:{each}", component="web", after=(), objects=tuple(objects[each::steps]))
        for each in range(steps)
    )
    for each in actions:
        client.apply(each.lasting_objects(world))
    applied = {each.key: ActionRecord(each.kind, "web", each.digest, each.record) for each in actions}
    record = ClusterRecord("churn", "kubernetes", applied=applied)
    bundle = SimpleNamespace(place=SimpleNamespace(namespace="default", is_confined=False))
    stack = SimpleNamespace(graph=SimpleNamespace(stack="churn"))
    site = SimpleNamespace(record=lambda: record)
    return SimpleNamespace(
        plan=Plan(actions, record), world=world, bundle=bundle, stack=stack, site=site, rendered={}, record=record
    )


@pytest.mark.parametrize("steps", [1, OBJECTS], ids=["one step with many objects", "many steps with one object"])
def test_live_objects_are_read_at_the_same_time(api: Cluster, tmp_path: Path, steps: int) -> None:
    found = session(api, tmp_path, steps)
    api.delay(0.02)
    api.most_at_once()
    assert {each.verb for each in compare(found, found.record)} == {"unchanged"}
    assert 4 <= api.most_at_once() <= 16
    assert drift_of(found) == []
    assert 4 <= api.most_at_once() <= 16


def test_what_was_changed_is_found_in_its_own_step(api: Cluster, tmp_path: Path) -> None:
    found = session(api, tmp_path, 4)
    api.change("Secret", "settings-5", {"data": {"key": "b3RoZXI="}}, "default")
    api.delete("Secret", "settings-7", "default")
    verbs = {each.key: each.verb for each in compare(found, found.record)}
    assert verbs == {"step:0": "unchanged", "step:1": "repair", "step:2": "unchanged", "step:3": "repair"}
    assert [(each.address, each.attribute) for each in drift_of(found)] == [
        ("Secret default/settings-5", "data.key"),
        ("Secret default/settings-7", ""),
    ]
