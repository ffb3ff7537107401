"""How much there is: pods that get more when they are busy, pods with GPUs, and what a cluster lacks for them."""

from typing import Any

import pytest

from platinfra.model.cluster import Difference, ObjectRef, ref_of
from platinfra.model.template import plain
from platinfra.targets.kubernetes.drift import of_objects
from platinfra.targets.kubernetes.verbs.scale import asks_for_gpus, conflicts
from tests.kubernetes.schemas import VERSIONS, needs_crds, strict
from tests.kubernetes.stacks import bundle, objects

FEATURES = """\
name: churn
provider: {name: kubernetes}
stack:
  feature_store: [feast: {settings: {SETTINGS}}]
  monitoring: [evidently, prometheus]
"""
SERVED = """\
name: churn
provider: {name: kubernetes}
stack:
  model_serving: [nvidia-triton: {settings: {gpus: GPUS}}]
  runtime_engine: [ray: {settings: {gpu_workers: GPUS, gpus: 2}}]
"""
GPU = [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]


def features(settings: str) -> str:
    return FEATURES.replace("SETTINGS", settings)


def template(each: dict[str, Any]) -> dict[str, Any]:
    return each["spec"]["template"]["spec"]


def test_the_limit_of_memory_is_twice_what_is_asked_for_whatever_the_size() -> None:
    found = objects(bundle(features("memory: 3Gi")), "Deployment")["feast"]
    assert template(found)["containers"][0]["resources"] == {
        "requests": {"cpu": "200m", "memory": "3Gi"},
        "limits": {"memory": "6Gi"},
    }


@pytest.mark.parametrize(("settings", "spread"), [("replicas: 1", False), ("replicas: 2", True)])
def test_several_pods_lie_on_different_nodes_and_go_one_by_one(settings: str, spread: bool) -> None:
    made = bundle(features(settings))
    (wish,) = template(objects(made, "Deployment")["feast"]).get("topologySpreadConstraints", [None])
    assert (wish is not None) == spread
    assert objects(made, "PodDisruptionBudget")["feast"]["spec"]["maxUnavailable"] == 1
    if wish:
        labels = objects(made, "Deployment")["feast"]["spec"]["template"]["metadata"]["labels"]
        assert wish["labelSelector"]["matchLabels"].items() <= labels.items()


def test_a_deployment_that_may_have_more_pods_leaves_their_number_to_its_autoscaler() -> None:
    made = bundle(features("replicas: 2, max_replicas: 5"))
    scaler = objects(made, "HorizontalPodAutoscaler")["feast"]["spec"]
    assert "replicas" not in objects(made, "Deployment")["feast"]["spec"]
    assert scaler["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "feast"}
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 5)
    (metric,) = scaler["metrics"]
    assert metric["resource"] == {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
    assert template(objects(made, "Deployment")["feast"])["containers"][0]["resources"]["requests"]["cpu"]


@pytest.mark.parametrize("settings", ["replicas: 1", "replicas: 3", "replicas: 3, max_replicas: 3"])
def test_as_many_pods_at_most_as_there_are_always_need_no_autoscaler(settings: str) -> None:
    made = bundle(features(settings))
    assert objects(made, "HorizontalPodAutoscaler") == {}
    assert str(objects(made, "Deployment")["feast"]["spec"]["replicas"]) == settings[len("replicas: ")]


@needs_crds
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "text",
    [features("replicas: 2, max_replicas: 5"), features("memory: 1Gi"), SERVED.replace("GPUS", "1")],
    ids=["autoscaled", "more memory", "gpus"],
)
def test_strict_schemas_accept_what_is_scaled(text: str, version: str) -> None:
    assert strict([plain(each) for each in bundle(text).objects], version) == []


class OneObject:
    """A cluster that holds one object."""

    def __init__(self, held: dict[str, Any]) -> None:
        self.held = held

    def get(self, ref: ObjectRef) -> dict[str, Any]:
        return self.held

    def read(self, refs: list[ObjectRef]) -> list[Any]:
        return [self.get(each) for each in refs]

    def diff(self, objects: list[Any], **_: Any) -> list[Difference]:
        """Say that the server would change whatever looks different."""
        return [Difference(ref_of(each), "change") for each in objects]


def test_pods_that_an_autoscaler_added_are_no_drift_and_others_are() -> None:
    def drift(settings: str) -> list[str]:
        wanted = plain(objects(bundle(features(settings)), "Deployment")["feast"])
        live = {**wanted, "spec": {**wanted["spec"], "replicas": 4}}
        return [each.attribute for each in of_objects("feast", [wanted], OneObject(live))]

    assert drift("replicas: 2, max_replicas: 5") == []
    assert drift("replicas: 2") == ["spec.replicas"]


@pytest.mark.parametrize(("gpus", "tolerations"), [("0", None), ("1", GPU)])
def test_pods_with_gpus_tolerate_their_taint_and_nothing_else(gpus: str, tolerations: Any) -> None:
    pod = template(objects(bundle(SERVED.replace("GPUS", gpus)), "Deployment")["nvidia-triton"])
    assert pod.get("tolerations") == tolerations
    assert pod["containers"][0]["resources"]["limits"].get("nvidia.com/gpu", 0) == int(gpus)


def test_workers_with_gpus_are_a_group_of_their_own() -> None:
    (values,) = [plain(each.values) for each in bundle(SERVED.replace("GPUS", "1")).releases if each.name == "ray"]
    group = values["additionalWorkerGroups"]["gpu"]
    assert group["tolerations"] == GPU
    assert group["resources"]["limits"]["nvidia.com/gpu"] == 2
    assert (group["replicas"], group["minReplicas"], group["maxReplicas"]) == (1, 1, 1)
    assert "tolerations" not in values["worker"]


def test_ray_gets_a_token_for_the_api_where_it_asks_for_workers_and_nowhere_else() -> None:
    text = SERVED.replace("GPUS", "0").replace("gpus: 2", "autoscaling: true, workers: 2, max_workers: 6")
    (values,) = [plain(each.values) for each in bundle(text).releases if each.name == "ray"]
    head, worker = values["head"], values["worker"]
    assert head["enableInTreeAutoscaling"] is True
    assert (worker["replicas"], worker["minReplicas"], worker["maxReplicas"]) == (2, 2, 6)
    (mount,) = head["autoscalerOptions"]["volumeMounts"]
    assert mount["name"] in {each["name"] for each in head["volumes"] if "projected" in each}
    assert "volumeMounts" not in head
    assert "volumes" not in worker


class Nodes:
    """A cluster as far as it is asked what it has."""

    def __init__(
        self, gpus: str = "", kinds: str = "", live: dict[str, Any] | None = None, allowed: bool = True
    ) -> None:
        self.gpus, self.kinds, self.live, self.allowed = gpus, kinds, live, allowed

    def find(self, kind: str) -> list[dict[str, Any]]:
        assert kind == "nodes"
        offered = {"nvidia.com/gpu": self.gpus} if self.gpus else {}
        return [{"status": {"allocatable": {"cpu": "2"}}}, {"status": {"allocatable": {"cpu": "8", **offered}}}]

    def api_resources(self) -> set[str]:
        return {"apps/v1/Deployment", self.kinds}

    def can_i(self, verb: str, resource: str) -> bool:
        assert (verb, resource) == ("list", "nodes")
        return self.allowed

    def get(self, ref: ObjectRef) -> dict[str, Any] | None:
        return self.live if self.live and ref_of(self.live) == ref else None

    def read(self, refs: list[ObjectRef]) -> list[Any]:
        return [self.get(each) for each in refs]


def codes(text: str, cluster: Nodes) -> list[str]:
    return [each.code for each in conflicts(bundle(text), cluster)]


@pytest.mark.parametrize(
    ("gpus", "offered", "found"),
    [("1", "", ["no-gpus"] * 2), ("1", "0", ["no-gpus"] * 2), ("1", "4", []), ("0", "", [])],
)
def test_gpus_that_no_node_offers_are_told_before_pods_wait(gpus: str, offered: str, found: list[str]) -> None:
    assert codes(SERVED.replace("GPUS", gpus), Nodes(offered)) == found


def test_gpus_are_found_where_the_stack_brings_who_finds_them() -> None:
    text = SERVED.replace("GPUS", "1") + "  gpus: [nvidia-device-plugin]\n"
    assert codes(text, Nodes()) == []


def test_nothing_is_said_of_gpus_where_nodes_may_not_be_looked_at() -> None:
    assert codes(SERVED.replace("GPUS", "1"), Nodes(allowed=False)) == []


@pytest.mark.parametrize(
    ("value", "asked"),
    [
        ({"resources": {"limits": {"nvidia.com/gpu": 1}}}, True),
        ([{"worker": {"replicas": 2, "resources": {"limits": {"nvidia.com/gpu": "1"}}}}], True),
        ({"replicas": 0, "resources": {"limits": {"nvidia.com/gpu": 1}}}, False),
        ({"limits": {"nvidia.com/gpu": 0}}, False),
        ({"tolerations": [{"key": "nvidia.com/gpu"}]}, False),
    ],
)
def test_only_pods_that_there_are_ask_for_gpus(value: Any, asked: bool) -> None:
    assert asks_for_gpus(value) == asked


@pytest.mark.parametrize(
    ("settings", "kinds", "found"),
    [
        ("max_replicas: 3", "", ["no-metrics-api"]),
        ("max_replicas: 3", "metrics.k8s.io/v1beta1/PodMetrics", []),
        ("replicas: 3", "", []),
    ],
)
def test_more_pods_when_they_are_busy_need_somebody_who_measures_that(
    settings: str, kinds: str, found: list[str]
) -> None:
    assert codes(features(settings), Nodes(kinds=kinds)) == found


@pytest.mark.parametrize(("size", "found"), [("10Gi", []), ("10240Mi", []), ("5Gi", ["volume-resized"])])
def test_a_volume_that_cannot_change_its_size_is_told_before_the_server_refuses(size: str, found: list[str]) -> None:
    text = features("replicas: 1")
    live = plain(objects(bundle(text), "StatefulSet")["evidently"])
    live["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] = size
    assert codes(text, Nodes(live=live)) == found
