"""Strict schemas refuse what an API server refuses, and take what it takes."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from tests.kubernetes import schemas
from tests.kubernetes.schemas import CRDS, VERSIONS, closed, needs_crds, strict, unchecked
from tests.targets.kubernetes.rules.good import OBJECTS, write

NEWEST = VERSIONS[-1]
BUILT_IN = [
    ("Deployment", "spec.replicas", "one"),
    ("Deployment", "spec.replica", 1),
    ("Deployment", "spec.template.spec.containers[0].ports[0].containerPort", "5000"),
    ("Deployment", "spec.template.spec.containers[0].livenessProbe.httpGet.prot", 1),
    ("Deployment", "metadata.label", {"a": "b"}),
    ("Deployment", "metadata.labels.a", 1),
    ("Service", "spec.ports[0].targetPort", True),
    ("ConfigMap", "data.LEVEL", 8),
    ("NetworkPolicy", "spec.ingress[0].form", []),
    ("HorizontalPodAutoscaler", "spec.maxReplicas", "3"),
    ("CustomResourceDefinition", "spec.scop", "Cluster"),
]
POOL = {
    "apiVersion": "karpenter.sh/v1",
    "kind": "NodePool",
    "metadata": {"name": "general"},
    "spec": {
        "limits": {"cpu": 1000, "memory": "1000Gi"},
        "template": {
            "spec": {
                "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "default"},
                "requirements": [{"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]}],
                "expireAfter": "720h",
            }
        },
        "disruption": {"consolidationPolicy": "WhenEmptyOrUnderutilized", "consolidateAfter": "15m"},
    },
}
SCALED = {
    "apiVersion": "keda.sh/v1alpha1",
    "kind": "ScaledObject",
    "metadata": {"name": "queue", "namespace": "ml", "labels": {"a": "b"}},
    "spec": {
        "scaleTargetRef": {"name": "queue"},
        "triggers": [{"type": "cpu", "metadata": {"value": "80"}}],
        "advanced": None,
    },
}
MONITOR = {
    "apiVersion": "monitoring.coreos.com/v1",
    "kind": "ServiceMonitor",
    "metadata": {"name": "queue", "namespace": "ml"},
    "spec": {
        "selector": {"matchLabels": {"a": "b"}},
        "endpoints": [{"port": "http", "targetPort": 80, "interval": "30s"}],
    },
}
DATABASE = {
    "apiVersion": "postgresql.cnpg.io/v1",
    "kind": "Cluster",
    "metadata": {"name": "database", "namespace": "ml"},
    "spec": {"instances": 3, "storage": {"size": "10Gi"}, "postgresql": {"parameters": {"max_connections": "200"}}},
}
CUSTOM = [
    (POOL, "spec.template.spec.requirments", []),
    (POOL, "spec.template.spec.nodeClassRef.name", 1),
    (POOL, "spec.disruption.consolidationPolicy", "Sometimes"),
    (POOL, "spec.template.spec.requirements[0].operator", "Is"),
    (POOL, "spec.limits.cpu", True),
    (SCALED, "spec.scaleTargetReference", {"name": "queue"}),
    (SCALED, "spec.triggers[0].metadata.value", 80),
    (SCALED, "metadata.lables", {}),
    (SCALED, "status.anything", 1),
    (MONITOR, "spec.endpoints[0].targetPort", [80]),
    (MONITOR, "spec.endpoints[0].prot", "http"),
    (MONITOR, "spec.endpoints[0].interval", "30 seconds"),
    (DATABASE, "spec.instances", "3"),
    (DATABASE, "spec.storage.sise", "10Gi"),
    (DATABASE, "spec.postgresql.parameters.max_connections", 200),
]


def builtin() -> list[dict[str, Any]]:
    custom = {"Gateway", "HTTPRoute", "ScaledObject", "ServiceMonitor", "PodMonitor", "Cluster"}
    return [deepcopy(each) for each in OBJECTS if each["kind"] not in custom]


def patterns(schema: Any) -> Iterator[str]:
    parts = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for each in parts:
        yield from patterns(each)
    if isinstance(schema, dict) and isinstance(schema.get("pattern"), str):
        yield schema["pattern"]


def test_the_three_newest_versions_are_covered() -> None:
    minors = [int(version.removeprefix("1.")) for version in VERSIONS]
    assert minors == [minors[-1] - 2, minors[-1] - 1, minors[-1]]


@pytest.mark.parametrize("version", VERSIONS)
def test_good_built_in_objects_pass(version: str) -> None:
    assert strict(builtin(), version) == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("kind", "path", "value"), BUILT_IN, ids=str)
def test_a_mistake_in_a_built_in_object_is_found_once_and_in_its_place(
    version: str, kind: str, path: str, value: Any
) -> None:
    objects = builtin()
    write(next(each for each in objects if each["kind"] == kind), path, value)
    (problem,) = strict(objects, version)
    assert problem.startswith(f"{kind} ")
    assert f": $.{path.partition('.')[0]}" in problem


@pytest.mark.parametrize("api", ["policy/v1beta1", "policy/v2", "extensions/v1beta1"])
def test_a_removed_version_is_a_mistake(api: str) -> None:
    budget = {"apiVersion": api, "kind": "PodDisruptionBudget", "metadata": {"name": "a"}, "spec": {}}
    assert strict([budget], NEWEST) == [f"PodDisruptionBudget /a: Kubernetes {NEWEST} has no {api}/PodDisruptionBudget"]


def test_a_kind_is_served_from_its_first_version_on() -> None:
    bundle = {"apiVersion": "certificates.k8s.io/v1", "kind": "ClusterTrustBundle", "metadata": {"name": "a"}}
    bundle["spec"] = {"trustBundle": ""}
    assert [len(strict([bundle], version)) for version in ("1.36", "1.37")] == [1, 0]


@needs_crds
@pytest.mark.parametrize("version", VERSIONS)
def test_good_custom_objects_pass(version: str) -> None:
    objects = [POOL, SCALED, MONITOR, DATABASE]
    assert strict(objects, version) == []
    assert unchecked(objects, version) == set()


@needs_crds
@pytest.mark.parametrize(("good", "path", "value"), CUSTOM, ids=lambda each: str(each)[:40])
def test_a_mistake_in_a_custom_object_is_found(good: dict[str, Any], path: str, value: Any) -> None:
    bad = deepcopy(good)
    write(bad, path, value)
    assert strict([good], NEWEST) == []
    assert strict([bad], NEWEST) != []


@needs_crds
def test_every_schema_there_is_refuses_what_it_does_not_know() -> None:
    files = sorted(CRDS.glob("*.json"))
    assert len(files) > 60
    for file in files:
        data = json.loads(file.read_text(encoding="utf-8"))
        empty = {
            "apiVersion": f"{data['group']}/{data['version']}",
            "kind": data["kind"],
            "metadata": {"name": "a"},
            "x": 1,
        }
        found = strict([empty], NEWEST)
        assert all(re.compile(pattern) for pattern in patterns(closed(data["schema"], NEWEST)))
        open_root = data["schema"].get("x-kubernetes-preserve-unknown-fields")
        assert open_root or any("'x' was unexpected" in each for each in found), file.name


@needs_crds
def test_a_custom_kind_without_schema_passes_and_is_named() -> None:
    issuer = {"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": {"name": "a"}, "spec": {}}
    assert strict([issuer], NEWEST) == []
    assert unchecked([issuer, POOL], NEWEST) == {"cert-manager.io/v1/ClusterIssuer"}


def test_custom_kinds_are_not_checked_in_silence_where_schemas_are_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemas, "CRDS", CRDS / "nowhere")
    (problem,) = strict([POOL], NEWEST)
    assert schemas.CRDS_ABSENT in problem


def test_a_definition_among_the_objects_is_a_schema() -> None:
    size = {"type": "object", "properties": {"size": {"type": "integer"}}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "toys.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"kind": "Toy", "plural": "toys"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": size}}},
                }
            ],
        },
    }
    toy = {"apiVersion": "example.com/v1", "kind": "Toy", "metadata": {"name": "a"}, "spec": {"size": 1}}
    assert strict([definition, toy], NEWEST) == []
    assert len(strict([definition, {**toy, "spec": {"sise": 1}}], NEWEST)) == 1
    assert len(strict([definition, {**toy, "spec": {"size": "1"}}], NEWEST)) == 1


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"x-kubernetes-int-or-string": True}, [80, "http"], [1.5, True, [], {}]),
        ({"type": "integer", "nullable": True}, [1, None], ["1"]),
        ({"type": "integer"}, [1], [None]),
        ({"nullable": True}, [1, None], []),
        ({"type": "string", "enum": ["a"], "nullable": True}, ["a", None], ["b"]),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, [{}, {"a": "b"}], [{"b": "a"}]),
        (
            {"type": "object", "properties": {"a": {"type": "string"}}, "x-kubernetes-preserve-unknown-fields": True},
            [{"b": 1}],
            [{"a": 1}],
        ),
        ({"type": "object", "additionalProperties": {"type": "string"}}, [{"a": "b"}], [{"a": 1}]),
        ({"type": "array", "items": {"type": "object", "properties": {"a": {}}}}, [[{"a": 1}]], [[{"b": 1}]]),
        ({"type": "object"}, [{"anything": 1}], [[]]),
        ({"type": "string", "pattern": "^((?i)may|june)$"}, ["May", "JUNE"], ["july"]),
    ],
    ids=lambda each: str(each)[:50],
)
def test_a_definition_becomes_json_schema(schema: dict[str, Any], good: list[Any], bad: list[Any]) -> None:
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(closed({"type": "object", "properties": {"spec": schema}}, NEWEST))
    assert [validator.is_valid({"spec": each}) for each in good] == [True] * len(good)
    assert [validator.is_valid({"spec": each}) for each in bad] == [False] * len(bad)


def test_nulls_are_dropped_before_custom_objects_are_checked() -> None:
    assert schemas.without_nulls({"a": None, "b": [{"c": None, "d": 0}], "e": ""}) == {"b": [{"d": 0}], "e": ""}
