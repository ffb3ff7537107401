"""What a reference may lead to besides the objects themselves."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from tests.targets.kubernetes.rules.good import ABSENT, KNOWN, OBJECTS, changed, title

from platinfra.targets.kubernetes.rules import ANY, Known, check

WEB, POD = "Deployment ml/mlflow", "spec.template.spec"
ROUTE = "HTTPRoute ml/mlflow"
REFERENCES = [
    (WEB, f"{POD}.imagePullSecrets[0].name", "secrets", "ml/other"),
    (WEB, f"{POD}.containers[0].envFrom[0].configMapRef.name", "config_maps", "ml/other"),
    (WEB, f"{POD}.serviceAccountName", "service_accounts", "ml/other"),
    (WEB, f"{POD}.volumes[0].persistentVolumeClaim.claimName", "volume_claims", "ml/other"),
    (WEB, f"{POD}.priorityClassName", "priority_classes", "other"),
    (WEB, f"{POD}.runtimeClassName", "runtime_classes", "other"),
    ("PersistentVolumeClaim ml/scratch", "spec.storageClassName", "storage_classes", "other"),
    ("RoleBinding ml/sweeper", "roleRef.name", "roles", "ml/other"),
    ("ClusterRoleBinding viewers", "roleRef.name", "cluster_roles", "other"),
    ("Ingress ml/mlflow", "spec.rules[0].http.paths[0].backend.service.name", "services", "ml/other"),
    (ROUTE, "spec.parentRefs[0].name", "gateways", "ml/other"),
    ("HorizontalPodAutoscaler ml/mlflow", "spec.scaleTargetRef.name", "scale_targets", "ml/other"),
    ("Role ml/sweeper:pods", "metadata.name", "roles", "ml/sweeper:pods"),
]


def rules(objects: list[dict[str, Any]], known: Known = KNOWN) -> set[str]:
    return {each.rule for each in check(objects, known=known)}


@pytest.mark.parametrize(("which", "path", "field", "name"), REFERENCES, ids=str)
def test_what_is_known_need_not_be_among_the_objects(which: str, path: str, field: str, name: str) -> None:
    objects = changed(which, path, "other")
    assert len(rules(objects)) == 1
    namespace = name.rpartition("/")[0]
    for names in (frozenset({name}), ANY, frozenset({f"{namespace}/*"} if namespace else {name})):
        assert rules(objects, replace(KNOWN, **{field: names})) == set()
    assert len(rules(objects, replace(KNOWN, **{field: frozenset({"another/other", "another/*"})}))) == 1


def test_a_namespace_may_be_known() -> None:
    objects = [each for each in OBJECTS if each["kind"] != "Namespace"]
    assert "unknown-namespace" in rules(objects)
    known = replace(KNOWN, namespaces=frozenset({"ml"}))
    assert rules(objects, known) == set()


def test_custom_kinds_may_be_known_or_not_judged() -> None:
    assert rules(OBJECTS, replace(KNOWN, kinds=frozenset())) == {"unknown-kind"}
    assert rules(OBJECTS, replace(KNOWN, kinds=ANY)) == set()


@pytest.mark.parametrize("pods", ["*", "ml/*"])
def test_selectors_are_not_judged_where_pods_are_unknown(pods: str) -> None:
    objects = changed("Service ml/mlflow", "spec.selector", {"app": "made-by-an-operator"})
    assert rules(objects) == {"no-matching-pod"}
    assert rules(objects, replace(KNOWN, pods=frozenset({pods}))) == set()


def test_objects_that_exist_besides_are_looked_up_and_not_checked() -> None:
    bad = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "Other!", "namespace": "ml"}}
    objects = changed(WEB, f"{POD}.imagePullSecrets[0].name", "Other!")
    assert rules(objects, replace(KNOWN, others=(bad,))) == set()


def test_an_optional_reference_may_lead_nowhere() -> None:
    path = f"{POD}.containers[0].env[0].valueFrom.secretKeyRef"
    assert rules(changed(WEB, path, {"name": "x", "key": "x"})) == {"missing-secret"}
    assert rules(changed(WEB, path, {"name": "x", "key": "x", "optional": True})) == set()
    assert rules(changed(WEB, path, {"name": "database", "key": "x", "optional": True})) == set()


def test_every_namespace_has_a_default_account_and_the_certificate_of_the_cluster() -> None:
    assert rules(changed(WEB, f"{POD}.serviceAccountName", "default")) == set()
    assert rules(changed(WEB, f"{POD}.containers[0].envFrom[0].configMapRef.name", "kube-root-ca.crt")) == set()


def test_the_secret_of_an_ingress_comes_from_its_issuer() -> None:
    objects = changed("Ingress ml/mlflow", "metadata.annotations", ABSENT)
    assert rules(objects) == {"missing-secret"}


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("cert-manager.io/v1/Certificate", {"secretName": "made"}),
        ("external-secrets.io/v1/ExternalSecret", {"target": {"name": "made"}}),
        ("external-secrets.io/v1/ExternalSecret", {}),
        ("bitnami.com/v1alpha1/SealedSecret", {}),
    ],
)
def test_a_controller_brings_a_secret(kind: str, spec: dict[str, Any]) -> None:
    objects = changed(WEB, f"{POD}.imagePullSecrets[0].name", "made")
    known = replace(KNOWN, kinds=KNOWN.kinds | {kind})
    assert rules(objects, known) == {"missing-secret"}
    api, _, name = kind.rpartition("/")
    objects.append({"apiVersion": api, "kind": name, "metadata": {"name": "made", "namespace": "ml"}, "spec": spec})
    assert rules(objects, known) == set()


def test_a_database_cluster_brings_its_service() -> None:
    path = "spec.rules[0].backendRefs[0]"
    assert rules(changed(ROUTE, path, {"name": "database-rw", "port": 5432})) == set()
    assert rules(changed(ROUTE, path, {"name": "database-rw", "port": 80})) == {"missing-service-port"}


def test_a_ray_cluster_brings_the_service_of_its_head() -> None:
    template = {"spec": {"containers": [{"name": "ray", "ports": [{"name": "dashboard", "containerPort": 8265}]}]}}
    ray = {
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": {"name": "ray", "namespace": "ml"},
        "spec": {"headGroupSpec": {"template": template}, "workerGroupSpecs": [{"template": deepcopy(template)}]},
    }
    known = replace(KNOWN, kinds=KNOWN.kinds | {"ray.io/v1/RayCluster"})
    objects = [*changed(ROUTE, "spec.rules[0].backendRefs[0]", {"name": "ray-head-svc", "port": 8265}), ray]
    assert rules(objects, known) == set()
    ray["spec"]["workerGroupSpecs"][0]["template"]["spec"]["volumes"] = [{"name": "a", "secret": {"secretName": "x"}}]
    assert rules(objects, known) == {"missing-secret"}


def test_two_objects_of_one_name_are_one_too_many() -> None:
    assert rules([*OBJECTS, deepcopy(OBJECTS[2])]) == {"duplicate-object"}
    other_version = {**deepcopy(OBJECTS[-1]), "apiVersion": "apiextensions.k8s.io/v1beta1"}
    assert rules([*OBJECTS, other_version]) == {"duplicate-object", "unknown-kind"}


def test_two_scalers_of_one_workload_fight() -> None:
    scaler = {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": "second", "namespace": "ml"},
        "spec": {"scaleTargetRef": {"name": "mlflow"}},
    }
    assert rules([*OBJECTS, scaler]) == {"duplicate-scaler"}


def test_the_items_of_a_list_are_objects() -> None:
    assert check([{"apiVersion": "v1", "kind": "List", "items": OBJECTS}], known=KNOWN) == []
    bad = changed("Service ml/mlflow", "spec.type", "Foo")
    assert rules([{"apiVersion": "v1", "kind": "List", "items": bad}]) == {"invalid-choice"}


def test_the_same_host_and_path_on_two_routes() -> None:
    (route,) = [deepcopy(each) for each in OBJECTS if title(each) == ROUTE]
    route["metadata"]["name"] = "second"
    assert rules([*OBJECTS, route]) == {"duplicate-route"}
    route["spec"]["hostnames"] = ["other.example.com"]
    assert rules([*OBJECTS, route]) == set()
    route["spec"]["hostnames"] = ["mlflow.example.com"]
    for rule in route["spec"]["rules"]:
        rule["matches"][0]["method"] = "POST"
    assert rules([*OBJECTS, route]) == set()


def test_the_same_host_and_path_on_two_ingresses_of_one_class() -> None:
    (ingress,) = [deepcopy(each) for each in OBJECTS if title(each) == "Ingress ml/mlflow"]
    ingress["metadata"]["name"] = "second"
    assert rules([*OBJECTS, ingress]) == {"duplicate-route"}
    ingress["spec"]["ingressClassName"] = "internal"
    assert rules([*OBJECTS, ingress]) == set()


def other_namespace() -> list[dict[str, Any]]:
    """Move the route to another namespace than its Gateway and its Service."""
    objects = changed(ROUTE, "metadata.namespace", "web")
    (route,) = [each for each in objects if each["kind"] == "HTTPRoute"]
    route["spec"]["parentRefs"][0]["namespace"] = "ml"
    for rule in route["spec"]["rules"]:
        rule["backendRefs"][0]["namespace"] = "ml"
    return [
        *objects,
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web", "labels": {"routes": "in"}}},
    ]


def granted() -> dict[str, Any]:
    source = {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "web"}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1beta1",
        "kind": "ReferenceGrant",
        "metadata": {"name": "web", "namespace": "ml"},
        "spec": {"from": [source], "to": [{"group": "", "kind": "Service"}]},
    }


@pytest.mark.parametrize(
    ("allowed", "answer"),
    [
        (None, {"missing-gateway"}),
        ({"from": "Same"}, {"missing-gateway"}),
        ({"from": "None"}, {"missing-gateway"}),
        ({"from": "All"}, set()),
        ({"from": "Selector", "selector": {"matchLabels": {"routes": "in"}}}, set()),
        ({"from": "Selector", "selector": {"matchLabels": {"routes": "out"}}}, {"missing-gateway"}),
    ],
)
def test_a_gateway_takes_routes_of_the_namespaces_it_allows(allowed: Any, answer: set[str]) -> None:
    objects = [*other_namespace(), granted()]
    (gateway,) = [each for each in objects if each["kind"] == "Gateway"]
    if allowed:
        gateway["spec"]["listeners"][0]["allowedRoutes"] = {"namespaces": allowed}
    assert rules(objects) == answer


def test_a_route_reaches_another_namespace_only_with_a_grant() -> None:
    objects = other_namespace()
    (gateway,) = [each for each in objects if each["kind"] == "Gateway"]
    gateway["spec"]["listeners"][0]["allowedRoutes"] = {"namespaces": {"from": "All"}}
    assert rules(objects) == {"missing-reference-grant"}
    assert rules([*objects, granted()]) == set()


def test_a_monitor_may_look_into_every_namespace() -> None:
    which = "ServiceMonitor ml/mlflow"
    assert rules(changed(which, "spec.namespaceSelector", {"any": True})) == set()
    assert rules(changed(which, "spec.namespaceSelector", {"matchNames": ["ml"]})) == set()
