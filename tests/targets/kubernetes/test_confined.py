"""A stack that has nothing but one namespace of somebody else's cluster; kubectl and Helm are real, the API server a stand-in."""

import json
from dataclasses import replace

import pytest
import yaml

from platinfra.diagnostics import PlatinfraError
from platinfra.model.record import ActionRecord
from platinfra.targets.answers import Format
from platinfra.targets.kubernetes.confined import absent, beyond, find_move
from platinfra.targets.kubernetes.operator import needs, roles
from platinfra.targets.kubernetes.record import ClusterRecord, record_of
from platinfra.targets.kubernetes.render import folder
from tests.kubernetes.api import Cluster
from tests.kubernetes.programs import KUBECTL
from tests.kubernetes.stacks import bundle, objects
from tests.stacks import resolved
from tests.targets.kubernetes.test_lifecycle import FIXTURES, NAMESPACE, OURS, Stack, namespace, stack

__all__ = ["stack"]
STACK = """\
name: churn
provider: {name: kubernetes}
stack:
  experiment_tracker: [mlflow]
  monitoring: [evidently]
"""
SCOPE = "deployment: {scope: namespace}\n"
ROUTES = {"domain": "ml.localhost", "gateway-class": "theirs", "from-namespace": "gateways"}
LABELS = {**OURS, "pod-security.kubernetes.io/enforce": "restricted", "team": "data"}
IN_IT = (
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kube-root-ca.crt"}},
    {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/service-account-token",
        "metadata": {"name": "token"},
    },
    {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "operator"}, "rules": []},
)
"""What the cluster and whoever administers it have in the namespace."""
KINDS = (
    "ConfigMap",
    "Secret",
    "Role",
    "Deployment",
    "StatefulSet",
    "Job",
    "PersistentVolumeClaim",
    "Cluster",
    "Service",
)


def confine(stack: Stack, **deployment: object) -> None:
    content = {"charts": str(FIXTURES), "scope": "namespace", **deployment}
    (stack.folder / "platinfra.yaml").write_text(f"{STACK}deployment: {json.dumps(content)}\n")


def define(api: Cluster, *charts: str) -> None:
    """Make the kinds of operators known, as whoever administers the cluster did."""
    for each in charts:
        for definition in yaml.safe_load_all((FIXTURES / each / "crds" / "kinds.yaml").read_text()):
            api.create(definition)


def content(api: Cluster) -> set[tuple[str, str]]:
    return {(kind, each["metadata"]["name"]) for kind in KINDS for each in api.list(kind, NAMESPACE)}


@pytest.mark.finding("K13")
@pytest.mark.live
@pytest.mark.skipif(KUBECTL is None, reason="kubectl is not on PATH")
@pytest.mark.timeout(300)
def test_who_has_one_namespace_and_the_printed_role_brings_a_stack_up_and_down(stack: Stack) -> None:
    api = stack.api
    confine(stack, routes=ROUTES)
    define(api, "cloudnative-pg", "gateway-helm")
    namespace(stack, NAMESPACE, LABELS)
    for each in IN_IT:
        api.create({**each, "metadata": {**each["metadata"], "namespace": NAMESPACE}})
    before = content(api)
    [role] = yaml.safe_load_all(stack.run("permissions", "--operator"))
    assert (role["kind"], role["metadata"]["namespace"]) == ("Role", NAMESPACE)
    api.allow_only([role])
    start = len(api.seen)
    assert "expects cloudnative-pg 0.29.0 in cnpg-system" in stack.run("plan")
    stack.run("up")
    assert api.get("Cluster", "cloudnative-pg", NAMESPACE)
    assert stack.deployment("mlflow")
    assert "nothing to do" in stack.run("up")
    stack.run("plan", "--exit-code")
    stack.run("drift", "--exit-code")
    policy = {"podSelector": {}, "ingress": [{}], "policyTypes": ["Ingress"]}
    door = {"name": "door", "namespace": NAMESPACE}
    api.create({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": door, "spec": policy})
    assert "door" in stack.run("drift", "--exit-code", code=3)
    api.delete("NetworkPolicy", "door", NAMESPACE)
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    meta = {"name": "data-evidently-0", "namespace": NAMESPACE}
    api.create({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": claim})
    told = {each["name"]: each["health"] for each in json.loads(stack.run("status", "--json", code=1))["components"]}
    assert told["mlflow"] == told["evidently"] == "healthy"
    stack.run("down")
    assert {"PersistentVolumeClaim", "Cluster"} <= {kind for kind, _ in content(api)}
    stack.run("up")
    stack.run("down", "--delete-data", "--yes")
    assert content(api) == before
    assert "nothing was running" in stack.run("down", "--delete-data", "--yes")
    left = api.get("Namespace", NAMESPACE)
    assert left
    assert left["metadata"]["labels"] == LABELS
    changed = [path for verb, path in api.seen[start:] if verb != "GET" and "selfsubject" not in path]
    assert changed
    assert [path for path in changed if f"/namespaces/{NAMESPACE}/" not in path] == []


@pytest.mark.finding("K13")
@pytest.mark.live
@pytest.mark.skipif(KUBECTL is None, reason="kubectl is not on PATH")
@pytest.mark.timeout(300)
def test_what_others_have_to_make_is_told_before_anything_is_changed(stack: Stack) -> None:
    confine(stack)
    for command in ("plan", "up"):
        refused = stack.run(command, code=2)
        assert "error[operator-missing]" in refused
        for each in ("postgresql.cnpg.io/v1/Cluster", "cloudnative-pg 0.29.0", str(FIXTURES), "cnpg-system"):
            assert each in refused
    define(stack.api, "cloudnative-pg")
    refused = stack.run("up", code=2)
    assert "error[namespace-missing]" in refused
    labels = (
        "app.kubernetes.io/part-of=churn app.kubernetes.io/managed-by=platinfra pod-security.kubernetes.io/enforce="
    )
    assert f"kubectl label namespace churn {labels}" in refused
    namespace(stack, NAMESPACE, {"team": "theirs"})
    assert "error[namespace-taken]" in stack.run("up", code=2)
    assert not [path for verb, path in stack.api.seen if verb != "GET" and "selfsubject" not in path]


@pytest.mark.finding("K13")
def test_nothing_of_the_whole_cluster_is_needed() -> None:
    made = bundle(STACK + SCOPE)
    assert {each.namespace for each in needs(made, {})} == {NAMESPACE}
    assert [each["kind"] for each in roles(made, {})] == ["Role"]
    assert objects(made, "Namespace") == {}
    assert [each.name for each in made.expected] == ["cloudnative-pg"]
    assert "cloudnative-pg" not in {each.name for each in made.releases}
    assert bundle(STACK).expected == ()


@pytest.mark.finding("K13")
@pytest.mark.parametrize("kind", ["helm", "flux"])
def test_what_is_rendered_makes_no_namespace(kind: Format) -> None:
    confined, whole = (" ".join(folder(bundle(text), kind).values()) for text in (STACK + SCOPE, STACK))
    makes = {"helm": "--create-namespace", "flux": "createNamespace: true"}[kind]
    assert makes in whole
    assert makes not in confined
    assert "kind: Namespace" in whole
    assert "kind: Namespace" not in confined


@pytest.mark.finding("K13")
def test_what_lies_outside_is_one_diagnostic_with_the_nearest_thing_that_works() -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "mlflow"}}
    away = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": "kube-system"}}
    own = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": NAMESPACE}}
    text = STACK.replace("[evidently]", "[evidently, prometheus]") + SCOPE[:-2] + ", routes: {domain: ml.localhost}}\n"
    made = bundle(text)
    [found] = beyond(made, {"release:mlflow": [role, away, own]})
    told = {each.partition(": ")[0]: each.partition(": ")[2] for each in found.details}
    assert told.keys() == {
        "ClusterRole mlflow of `mlflow`",
        "ConfigMap kube-system/one of `mlflow`",
        "GatewayClass churn of `stack`",
        "the definitions of Alertmanager, PodMonitor, Prometheus, PrometheusRule, ServiceMonitor of `prometheus`",
    }
    assert "gateway-class" in told["GatewayClass churn of `stack`"]
    assert all(told.values())
    assert list(beyond(bundle(STACK + SCOPE), {})) == []


@pytest.mark.finding("K13")
def test_operators_count_by_every_kind_that_they_bring() -> None:
    made = bundle(STACK + SCOPE)
    assert list(absent(made, made.kinds)) == []
    [found] = absent(made, made.kinds - {"postgresql.cnpg.io/v1/Database"})
    assert found.code == "operator-missing"
    assert "`postgresql.cnpg.io/v1/Database`" in found.message
    assert "Cluster`" not in found.message


@pytest.mark.finding("K13")
def test_a_stack_with_a_namespace_of_its_own_does_not_change_its_mind() -> None:
    record = record_of(bundle(STACK), {})
    assert record.contents == ()
    ref = {"ref": ["v1", "Namespace", NAMESPACE, ""], "rest": {}}
    applied = {"namespace": ActionRecord("objects", "stack", "", {"objects": [ref]})}
    for each in (replace(record, applied=applied), replace(record, kept=applied)):
        assert [one.code for one in find_move(each)] == ["another-stack"]
    assert list(find_move(ClusterRecord())) == []


@pytest.mark.finding("K13")
@pytest.mark.parametrize(
    ("text", "code"),
    [
        (STACK + "deployment: {type: kind, scope: namespace}\n", "beyond-namespace"),
        (STACK.replace("kubernetes}", 'aws, account-id: "210987654321"}') + SCOPE, "setting-of-another-target"),
    ],
)
def test_a_cluster_that_the_stack_makes_is_no_place_for_it(text: str, code: str) -> None:
    with pytest.raises(PlatinfraError) as raised:
        resolved(text)
    assert [(each.code, bool(each.span), bool(each.hint)) for each in raised.value.diagnostics] == [(code, True, True)]
