"""What differs from what was applied is drift; what a server adds or writes its own way is not."""

from typing import Any

import pytest

from platinfra.model.cluster import Difference, ObjectRef, ref_of
from platinfra.targets.kubernetes.drift import HIDDEN, find_added, of_objects

META = {"name": "web", "namespace": "ml", "labels": {"app": "web"}}
WANTED: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": META,
    "spec": {
        "replicas": 1,
        "template": {"spec": {"containers": [{"name": "main", "resources": {"limits": {"cpu": "1000m"}}}]}},
    },
}


class FakeCluster:
    """Holds some objects."""

    def __init__(self, *objects: dict[str, Any]) -> None:
        self.objects = {ref_of(each): each for each in objects}

    def get(self, ref: ObjectRef) -> dict[str, Any] | None:
        return self.objects.get(ref)

    def read(self, refs: list[ObjectRef]) -> list[Any]:
        return [self.get(each) for each in refs]

    def diff(self, objects: list[Any], **_: Any) -> list[Difference]:
        """Say that the server would change whatever looks different."""
        return [Difference(ref_of(each), "change") for each in objects]

    def find(self, kind: str, namespace: str | None = None) -> list[dict[str, Any]]:
        return [
            each
            for each in self.objects.values()
            if kind.startswith(f"{each['kind'].lower()}s.")
            or (each["kind"] == "NetworkPolicy" and kind.startswith("networkpolicies"))
        ]


def live(**changes: Any) -> dict[str, Any]:
    spec = {**WANTED["spec"], **changes}
    return {**WANTED, "metadata": {**META, "uid": "1"}, "spec": spec, "status": {"readyReplicas": 1}}


def found(wanted: dict[str, Any], *objects: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    return [(each.attribute, each.before, each.after) for each in of_objects("web", [wanted], FakeCluster(*objects))]


def containers(cpu: object, **more: object) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "main", "resources": {"limits": {"cpu": cpu}}, **more}]}}


@pytest.mark.parametrize(
    "same",
    [
        live(),
        live(progressDeadlineSeconds=600),
        live(template=containers("1")),
        live(template=containers("1", imagePullPolicy="Always")),
    ],
)
def test_what_the_server_adds_is_no_drift(same: dict[str, Any]) -> None:
    assert found(WANTED, same) == []


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        (live(replicas=3), "spec.replicas"),
        (live(template=containers("2")), "spec.template.spec.containers[0].resources.limits.cpu"),
        (live(template={"spec": {"containers": []}}), "spec.template.spec.containers"),
    ],
)
def test_what_somebody_changed_is_drift(changed: dict[str, Any], path: str) -> None:
    assert [each[0] for each in found(WANTED, changed)] == [path]


def test_an_object_that_is_gone_is_drift() -> None:
    assert found(WANTED) == [("", "exists", None)]


def test_a_changed_secret_is_told_without_its_value() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": META, "stringData": {"password": "right"}}
    stored = {"apiVersion": "v1", "kind": "Secret", "metadata": META, "data": {"password": "cmlnaHQ="}}
    assert found(secret, stored) == []
    assert found(secret, {**stored, "data": {"password": "d3Jvbmc="}}) == [("data.password", HIDDEN, HIDDEN)]
    assert found(secret, {**stored, "data": {"password": "cmlnaHQ=", "more": "eA=="}}) == [
        ("data.more", HIDDEN, HIDDEN)
    ]


def test_a_policy_that_nobody_asked_for_is_drift() -> None:
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {**META, "name": "door"}}
    cluster = FakeCluster(policy)
    assert [each.address for each in find_added(set(), "ml", cluster)] == ["NetworkPolicy ml/door"]
    assert list(find_added({ref_of(policy)}, "ml", cluster)) == []


class OwnWords(FakeCluster):
    """A cluster whose server makes of what is applied what is there already."""

    def diff(self, objects: list[Any], **_: Any) -> list[Difference]:
        return [Difference(ref_of(each), "unchanged") for each in objects]


@pytest.mark.finding("K4")
@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ({"hostNetwork": False}, {}),
        ({"defaultMode": None}, {"defaultMode": 420}),
        ({"period": "60s"}, {"period": "1m0s"}),
    ],
    ids=["zero values are left out", "nulls become defaults", "values are written another way"],
)
def test_what_the_server_makes_the_same_of_is_no_drift(wanted: dict[str, Any], there: dict[str, Any]) -> None:
    asked = {**WANTED, "spec": {**WANTED["spec"], **wanted}}
    assert found(asked, live(**there)) or wanted == {"hostNetwork": False}, "it looks different"
    assert list(of_objects("web", [asked], OwnWords(live(**there)))) == []


@pytest.mark.finding("K4")
def test_what_is_gone_is_drift_whatever_the_server_makes_of_the_rest() -> None:
    (gone,) = of_objects("web", [WANTED], OwnWords())
    assert (gone.attribute, gone.before, gone.after) == ("", "exists", None)
