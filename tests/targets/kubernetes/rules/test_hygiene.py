"""What a careful platform's pods have."""

from typing import Any

import pytest
from tests.targets.kubernetes.rules.good import ABSENT, KNOWN, OBJECTS, changed
from tests.targets.kubernetes.rules.hygiene import RULES, careless

WEB, POD = "Deployment ml/mlflow", "spec.template.spec"
SERVER = f"{POD}.containers[0]"
BAD = [
    (f"{SERVER}.resources.requests.cpu", ABSENT, "missing-resources"),
    (f"{SERVER}.resources.requests.memory", ABSENT, "missing-resources"),
    (f"{SERVER}.resources.limits.cpu", ABSENT, "missing-resources"),
    (f"{POD}.initContainers[0].resources.limits.memory", ABSENT, "missing-resources"),
    (f"{SERVER}.image", "example.com:5000/mlflow", "image-tag"),
    (f"{SERVER}.image", "mlflow:latest", "image-tag"),
    (f"{SERVER}.image", "mlflow@sha256:123", "image-tag"),
    (f"{POD}.automountServiceAccountToken", True, "mounted-token"),
    (f"{SERVER}.securityContext.readOnlyRootFilesystem", ABSENT, "writable-root"),
    (f"{SERVER}.livenessProbe", ABSENT, "missing-liveness-probe"),
    (f"{SERVER}.readinessProbe", ABSENT, "missing-readiness-probe"),
]


def test_the_good_objects_are_careful() -> None:
    assert careless(OBJECTS, known=KNOWN) == []


@pytest.mark.parametrize(("path", "value", "rule"), BAD, ids=str)
def test_carelessness_is_reported_where_it_is(path: str, value: Any, rule: str) -> None:
    found = careless(changed(WEB, path, value), known=KNOWN)
    assert [(each.rule, each.object, each.path) for each in found] == [(rule, WEB, path)]


@pytest.mark.parametrize("image", ["mlflow:3", "example.com:5000/a/mlflow:3.1-slim", f"mlflow@sha256:{'0' * 64}"])
def test_a_version_or_a_digest_names_an_image_for_good(image: str) -> None:
    assert careless(changed(WEB, f"{SERVER}.image", image), known=KNOWN) == []


def test_resources_of_the_whole_pod_count() -> None:
    objects = changed(WEB, f"{SERVER}.resources", {})
    pod = {field: {"cpu": "1", "memory": "1Gi"} for field in ("requests", "limits")}
    (web,) = [each for each in objects if each["kind"] == "Deployment"]
    web["spec"]["template"]["spec"]["resources"] = pod
    assert careless(objects, known=KNOWN) == []


def test_a_token_is_for_accounts_with_a_role() -> None:
    without_word = changed(WEB, f"{POD}.automountServiceAccountToken", ABSENT)
    assert careless(without_word, known=KNOWN) == []  # its account says no
    bound = [each for each in OBJECTS if each["kind"] not in {"RoleBinding", "ClusterRoleBinding"}]
    assert [each.object for each in careless(bound, known=KNOWN)] == ["CronJob ml/sweep"]


def test_pods_that_end_need_no_probes() -> None:
    assert not {each.object for each in careless(OBJECTS, known=KNOWN)} & {"CronJob ml/sweep"}


def test_every_rule_is_tested() -> None:
    assert {rule for _, _, rule in BAD} == RULES
