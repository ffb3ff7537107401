"""Names at the border of what is allowed, and kinds that allow more."""

from typing import Any

import pytest

from platinfra.targets.kubernetes.rules import ANY, Known, check

KNOWN = Known(namespaces=ANY, kinds=ANY)
RBAC = "rbac.authorization.k8s.io/v1"


def rules(api: str, kind: str, name: str, **content: Any) -> set[str]:
    each = {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": "ml"}, **content}
    return {problem.rule for problem in check([each], known=KNOWN)}


@pytest.mark.parametrize(
    ("api", "kind", "longest"),
    [
        ("v1", "ConfigMap", 253),
        ("v1", "Service", 63),
        ("v1", "Namespace", 63),
        ("apps/v1", "StatefulSet", 52),
        ("batch/v1", "CronJob", 52),
        ("batch/v1", "Job", 63),
        ("batch.volcano.sh/v1alpha1", "Job", 253),
        ("serving.knative.dev/v1", "Service", 253),
    ],
)
def test_the_longest_name_of_a_kind(api: str, kind: str, longest: int) -> None:
    assert "invalid-name" not in rules(api, kind, "a" * longest)
    assert "invalid-name" in rules(api, kind, "a" * (longest + 1))


@pytest.mark.parametrize("name", ["a", "0", "a-b", "a.b", "0.0", "a-b.c-d"])
def test_names_of_most_kinds(name: str) -> None:
    assert rules("v1", "ConfigMap", name) == set()


@pytest.mark.parametrize("name", ["-a", "a-", ".a", "a.", "a..b", "a.-b", "A", "a_b", "a b", "ä", "a\n", "a/b"])
def test_names_that_most_kinds_refuse(name: str) -> None:
    assert rules("v1", "ConfigMap", name) == {"invalid-name"}


@pytest.mark.parametrize("name", ["system:a", "A", "a b", "..."])
def test_names_of_roles_are_freer(name: str) -> None:
    assert rules(RBAC, "Role", name) == set()
    assert rules("iam.services.k8s.aws/v1alpha1", "Role", name) == {"invalid-name"}


@pytest.mark.parametrize("name", [".", "..", "a%b", "a/b"])
def test_roles_refuse_what_is_no_part_of_a_path(name: str) -> None:
    assert rules(RBAC, "Role", name) == {"invalid-name"}


@pytest.mark.parametrize("key", [".a", "a.b", "A_b-c", "a" * 253])
def test_keys_of_data(key: str) -> None:
    assert rules("v1", "ConfigMap", "a", data={key: "x"}) == set()


@pytest.mark.parametrize("key", [".", "..", "..a", "a b", "", "a" * 254])
def test_keys_that_data_refuses(key: str) -> None:
    assert rules("v1", "ConfigMap", "a", data={key: "x"}) == {"invalid-name"}
    assert rules("v1", "Secret", "a", stringData={key: "x"}) == {"invalid-name"}


def test_a_generated_name_is_a_name() -> None:
    each = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "a-", "namespace": "ml"}}
    assert check([each, each], known=KNOWN) == []
    each["metadata"] = {"generateName": "A-", "namespace": "ml"}
    assert [problem.rule for problem in check([each], known=KNOWN)] == ["invalid-name"]


@pytest.mark.parametrize("spec", [{"clusterIP": "None"}, {"type": "ExternalName", "externalName": "a.example.com"}])
def test_a_service_without_an_address_needs_no_port(spec: dict[str, Any]) -> None:
    assert rules("v1", "Service", "a", spec=spec) == set()
    assert rules("v1", "Service", "a", spec={}) == {"invalid-port"}
