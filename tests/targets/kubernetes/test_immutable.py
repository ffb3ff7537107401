"""What Kubernetes would refuse to change is found before anything is touched."""

from types import SimpleNamespace
from typing import Any

import pytest

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.model.cluster import ObjectRef, ref_of
from platinfra.targets.kubernetes.verbs.immutable import conflicts


def made(api_version: str, kind: str, namespace: str = "ml", **content: Any) -> dict[str, Any]:
    place = {"namespace": namespace} if namespace else {}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "web", **place}, **content}


def stateful(**spec: Any) -> dict[str, Any]:
    selector = {"matchLabels": {"app": "web"}}
    return made("apps/v1", "StatefulSet", spec={"selector": selector, "serviceName": "web", **spec})


def claims(**spec: Any) -> dict[str, Any]:
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec}
    return stateful(volumeClaimTemplates=[{"metadata": {"name": "data"}, "spec": asked}])


def job(**container: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": "main", "image": "a:1", **container}], "restartPolicy": "Never"}
    return made("batch/v1", "Job", spec={"template": {"spec": spec}})


def deployment(**labels: str) -> dict[str, Any]:
    return made("apps/v1", "Deployment", spec={"replicas": 1, "selector": {"matchLabels": labels}})


def claim(**spec: Any) -> dict[str, Any]:
    return made("v1", "PersistentVolumeClaim", spec={"accessModes": ["ReadWriteOnce"], **spec})


def binding(name: str, kind: str = "RoleBinding", namespace: str = "ml") -> dict[str, Any]:
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    return made("rbac.authorization.k8s.io/v1", kind, namespace, roleRef=role, subjects=[])


def service(**spec: Any) -> dict[str, Any]:
    return made("v1", "Service", spec={"ports": [{"port": 80}], **spec})


class FakeCluster:
    """Has one object, and the namespace `ml`."""

    def __init__(self, live: dict[str, Any], *, denied: bool = False) -> None:
        self.live, self.denied = live, denied

    def get(self, ref: ObjectRef) -> dict[str, Any] | None:
        if ref.kind == "Namespace":
            return {"metadata": {"name": ref.name}} if ref.name == "ml" else None
        return self.live if ref_of(self.live) == ref else None

    def read(self, refs: list[ObjectRef]) -> list[Any]:
        return [self.get(each) for each in refs]

    def find(self, kind: str, namespace: str) -> list[dict[str, Any]]:
        if self.denied:
            raise ActionError(Diagnostic("cluster-forbidden", "no"))
        return [self.live] if kind.startswith(f"{self.live['kind']}.") and namespace == "ml" else []


def found(wanted: dict[str, Any], cluster: FakeCluster) -> list[str]:
    bundle: Any = SimpleNamespace(objects=[wanted])
    of_charts: Any = SimpleNamespace(objects=[])
    said = list(conflicts(bundle, {}, cluster))  # type: ignore[arg-type]
    assert said == list(conflicts(of_charts, {"release:web": [wanted]}, cluster))  # type: ignore[arg-type]
    assert {each.code for each in said} <= {"immutable-field"}
    return [each.message.split("`")[1] for each in said]


@pytest.mark.finding("K14")
@pytest.mark.parametrize(
    ("wanted", "live", "path"),
    [
        (claims(storageClassName="fast"), claims(storageClassName="slow"), "spec.volumeClaimTemplates"),
        (claims(storageClassName="fast"), claims(), "spec.volumeClaimTemplates"),
        (claims(), claims(storageClassName="slow"), "spec.volumeClaimTemplates"),
        (stateful(volumeClaimTemplates=[]), claims(), "spec.volumeClaimTemplates"),
        (stateful(serviceName="other"), stateful(), "spec.serviceName"),
        (stateful(selector={"matchLabels": {"app": "other"}}), stateful(), "spec.selector"),
        (
            stateful(podManagementPolicy="Parallel"),
            stateful(podManagementPolicy="OrderedReady"),
            "spec.podManagementPolicy",
        ),
        (deployment(app="web"), deployment(app="web", part="a"), "spec.selector"),
        (deployment(app="web", part="a"), deployment(app="web"), "spec.selector"),
        (job(image="a:2"), job(), "spec.template"),
        (job(env=[{"name": "A", "value": "1"}]), job(), "spec.template"),
        (claim(storageClassName="fast"), claim(storageClassName="slow"), "spec.storageClassName"),
        (service(clusterIP="None"), service(clusterIP="10.0.0.7"), "spec.clusterIP"),
        (binding("reader"), binding("writer"), "roleRef"),
        (binding("reader", "ClusterRoleBinding", ""), binding("writer", "ClusterRoleBinding", ""), "roleRef"),
    ],
)
def test_a_field_that_cannot_change_is_refused(wanted: dict[str, Any], live: dict[str, Any], path: str) -> None:
    assert found(wanted, FakeCluster(live)) == [path]


@pytest.mark.finding("K14")
@pytest.mark.parametrize(
    ("wanted", "live"),
    [
        (claims(), claims(volumeMode="Filesystem")),
        (claims(storageClassName="fast"), claims(storageClassName="fast", resources={"requests": {"storage": "2Gi"}})),
        (stateful(), stateful(podManagementPolicy="OrderedReady", replicas=3)),
        (deployment(app="web"), {**deployment(app="web"), "status": {"replicas": 1}}),
        (job(env=[{"name": "A", "value": ""}], stdin=False), job(env=[{"name": "A"}], imagePullPolicy="Always")),
        (job(resources={"limits": {"cpu": "1000m"}}), job(resources={"limits": {"cpu": "1"}})),
        (claim(), claim(storageClassName="usual", volumeName="pvc-1")),
        (service(), service(clusterIP="10.0.0.7")),
        (service(clusterIP="None"), service(clusterIP="None")),
        (binding("reader"), {**binding("reader"), "subjects": [{"kind": "User", "name": "ada"}]}),
    ],
)
def test_what_the_server_fills_in_is_no_change(wanted: dict[str, Any], live: dict[str, Any]) -> None:
    assert found(wanted, FakeCluster(live)) == []


def test_nothing_is_asked_of_a_namespace_that_is_not_there() -> None:
    wanted = {**binding("reader", namespace="elsewhere")}
    assert found(wanted, FakeCluster(binding("writer"), denied=True)) == []


def test_without_the_right_to_look_the_server_says_it_itself() -> None:
    assert found(binding("reader"), FakeCluster(binding("writer"), denied=True)) == []
