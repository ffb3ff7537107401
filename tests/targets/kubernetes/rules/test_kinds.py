"""The table of kinds agrees with the schemas of each Kubernetes version."""

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import kubernetes_validate
import pytest
from tests.targets.kubernetes.rules.good import KNOWN, OBJECTS, changed, write

from platinfra.targets.kubernetes.rules import Known, check
from platinfra.targets.kubernetes.rules.api import CLUSTER_WIDE, VERSIONS, served_kinds
from platinfra.targets.kubernetes.rules.identity import in_namespace

SCHEMAS = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
UNLISTED = {
    # They are asked and answered or belong to an object, and no manifest holds one.
    "v1/ComponentStatus",
    "autoscaling/v1/Scale",
    "policy/v1/Eviction",
}


@cache
def stable(version: str) -> set[str]:
    text = (SCHEMAS / f"v{version}.0-local-strict" / "_definitions.json").read_text(encoding="utf-8")
    found = set()
    for each in json.loads(text)["$defs"].values():
        metadata = each.get("properties", {}).get("metadata", {}) if isinstance(each, dict) else {}
        if "ObjectMeta" in json.dumps(metadata):
            for kind in each.get("x-kubernetes-group-version-kind", ()):
                name = "/".join(filter(None, (kind["group"], kind["version"], kind["kind"])))
                found |= {name} if re.search(r"(^|/)v\d+/", name) else set()
    reviews = {each for each in found if each.startswith(("authentication", "authorization"))}
    return found - UNLISTED - reviews


@pytest.mark.parametrize("version", VERSIONS)
def test_the_stable_kinds_of_a_version_are_known(version: str) -> None:
    assert served_kinds(version) == stable(version)


def test_a_newer_version_has_what_the_newest_known_one_has() -> None:
    assert served_kinds("1.99") == served_kinds(VERSIONS[-1])
    assert served_kinds("v1.34.2") == served_kinds("1.34")


def test_kinds_outside_namespaces_are_told_by_group_and_kind() -> None:
    some = {
        "Node",
        "Namespace",
        "rbac.authorization.k8s.io/ClusterRole",
        "storage.k8s.io/StorageClass",
        "karpenter.sh/NodePool",
    }
    assert some <= CLUSTER_WIDE
    assert not {"Pod", "ClusterRole", "apps/Deployment", "policy/PodDisruptionBudget"} & CLUSTER_WIDE


def test_a_namespace_on_what_lies_outside_of_them_changes_nothing() -> None:
    objects = changed("ClusterRoleBinding viewers", "metadata.namespace", "nowhere")
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "own", "namespace": "ml"},
    }
    write(next(each for each in objects if each["kind"] == "ClusterRoleBinding"), "roleRef.name", "own")
    assert [each.rule for each in check(objects, known=KNOWN)] == ["missing-role"]
    assert check([*objects, role], known=KNOWN) == []


def test_a_kind_may_be_too_new_for_the_cluster() -> None:
    claim = {"apiVersion": "resource.k8s.io/v1", "kind": "DeviceClass", "metadata": {"name": "gpu"}}
    (problem,) = check([claim], known=Known(version="1.33"))
    assert (problem.rule, problem.hint) == ("unknown-kind", "it exists since Kubernetes 1.34")
    assert check([claim], known=Known(version="1.34")) == []


def test_a_removed_version_is_answered_with_the_present_one() -> None:
    (problem,) = check([{"apiVersion": "batch/v1beta1", "kind": "CronJob", "metadata": {"name": "a"}}], known=Known())
    assert problem.message == 'no matches for kind "CronJob" in version "batch/v1beta1" on Kubernetes 1.34'
    assert problem.hint == "write `apiVersion: batch/v1`"


def test_a_kind_that_the_cluster_turned_on_is_known() -> None:
    policy = {"apiVersion": "networking.k8s.io/v1beta1", "kind": "ServiceCIDR", "metadata": {"name": "a"}}
    assert [each.rule for each in check([policy], known=Known())] == ["unknown-kind"]
    assert check([policy], known=Known(kinds=frozenset({"networking.k8s.io/v1beta1/ServiceCIDR"}))) == []


def test_a_version_that_a_definition_does_not_serve_is_unknown() -> None:
    *others, definition = OBJECTS
    versions = [{**definition["spec"]["versions"][0], "served": False}]
    unserved = {**definition, "spec": {**definition["spec"], "versions": versions}}
    found = check([*others, unserved], known=KNOWN)
    assert [(each.rule, each.object) for each in found] == [("unknown-kind", "Cluster ml/database")]


@pytest.mark.parametrize("broken", [{}, {"kind": "Pod"}, {"apiVersion": "v1"}])
def test_an_object_without_a_kind_is_incomplete(broken: dict[str, str]) -> None:
    assert "incomplete-object" in {each.rule for each in check([broken], known=Known())}


def test_objects_get_the_namespace_of_their_release() -> None:
    bare = [
        {**each, "metadata": {key: value for key, value in each["metadata"].items() if key != "namespace"}}
        for each in OBJECTS
    ]
    assert in_namespace(bare, "ml") == OBJECTS
    assert in_namespace(OBJECTS, "other") == OBJECTS


def test_a_custom_kind_outside_namespaces_stays_there() -> None:
    pool = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "gpu"}}
    assert in_namespace([pool], "ml") == [pool]
    known = replace(KNOWN, kinds=frozenset({"karpenter.sh/v1/NodePool"}))
    assert check([pool], known=known) == []
