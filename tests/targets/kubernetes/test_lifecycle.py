"""A stack goes into a cluster and out again; kubectl and Helm are real, the API server is a stand-in (tests/kubernetes/api)."""

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.kubernetes.api import Cluster, cluster
from tests.kubernetes.programs import KUBECTL
from tests.kubernetes.stacks import TRACKING

FIXTURES = Path(__file__).parents[2] / "kubernetes" / "fixtures"
pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(KUBECTL is None, reason="kubectl is not on PATH"),
    pytest.mark.timeout(300),
]
NAMESPACE = "churn"
OURS = {"app.kubernetes.io/part-of": NAMESPACE}
"""Labels by which somebody hands a namespace over to the stack."""


class Stack:
    """A stack file, and a cluster with the operator of databases."""

    def __init__(self, folder: Path, api: Cluster) -> None:
        self.folder, self.api = folder, api
        self.kubeconfig = api.kubeconfig(folder / "kubeconfig")
        api.create(
            {
                "apiVersion": "storage.k8s.io/v1",
                "kind": "StorageClass",
                "metadata": {"name": "fast", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
                "provisioner": "example.org/disk",
            }
        )
        self.write(TRACKING)

    def write(self, text: str, **deployment: str) -> None:
        extra = f"deployment: {json.dumps({'charts': str(FIXTURES), **deployment})}\n"
        (self.folder / "platinfra.yaml").write_text(text + extra)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        env = {
            **os.environ,
            "KUBECONFIG": str(self.kubeconfig),
            "PLATINFRA_KUBECTL": KUBECTL or "kubectl",
            "COLUMNS": "200",
            "XDG_CACHE_HOME": str(self.folder / "cache"),
        }
        return subprocess.Popen(
            [sys.executable, "-m", "platinfra", *arguments],
            cwd=self.folder, env=env, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, *arguments: str, code: int = 0) -> str:
        child = self.start(*arguments)
        out, _ = child.communicate(timeout=200)
        assert child.returncode == code, out
        assert "Traceback" not in out
        return out

    def deployment(self, name: str) -> dict:
        found = self.api.get("Deployment", name, NAMESPACE)
        assert found
        return found


def operate(api: Cluster, ended: threading.Event) -> None:
    """Make databases ready, as the operator of CloudNativePG does."""
    ready = {
        "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}],
        "phase": "Cluster in healthy state",
    }
    while not ended.wait(0.2):
        for each in api.list("Cluster"):
            if not each.get("status"):
                api.set_status("Cluster", each["metadata"]["name"], ready, each["metadata"]["namespace"])


def hibernation(stack: Stack) -> str:
    found = stack.api.get("Cluster", "cloudnative-pg", NAMESPACE)
    assert found
    return str(found["metadata"]["annotations"]["cnpg.io/hibernation"])


def namespace(stack: Stack, name: str, labels: dict[str, str]) -> None:
    stack.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})


def named(stack: Stack, kind: str) -> set[str]:
    """Return namespaces and names of all objects of a kind."""
    return {f"{each['metadata'].get('namespace', '')}/{each['metadata']['name']}" for each in stack.api.list(kind)}


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def eventually(condition: Callable[[], object], within: float = 60) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@contextmanager
def operated(api: Cluster) -> Iterator[None]:
    """Let an operator of databases work for as long as the block runs."""
    ended = threading.Event()
    operator = threading.Thread(target=operate, args=(api, ended))
    operator.start()
    try:
        yield
    finally:
        ended.set()
        operator.join()


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with cluster() as api, operated(api):
        yield Stack(tmp_path, api)


def test_a_stack_goes_up_stays_changes_and_goes_down(stack: Stack) -> None:
    planned = stack.run("plan")
    assert "release mlflow" in planned or "release:mlflow" in planned
    assert stack.api.get("Namespace", NAMESPACE) is None
    stack.run("up")
    assert stack.deployment("mlflow")["spec"]["template"]["spec"]["serviceAccountName"] == "mlflow"
    assert stack.api.get("StatefulSet", "evidently", NAMESPACE)
    assert stack.api.get("Database", "mlflow-backend", NAMESPACE)
    assert len(stack.api.list("PodMonitor", NAMESPACE)) >= 3
    assert "nothing to do" in stack.run("up")
    assert "nothing to do" in stack.run("plan")
    told = {each["name"]: each["health"] for each in json.loads(stack.run("status", "--json", code=1))["components"]}
    assert told.pop("cloudnative-pg") == "stopped"  # nobody makes its pods here
    assert set(told) == {"mlflow", "evidently", "prometheus", "seaweedfs"}
    assert told["mlflow"] == told["evidently"] == "healthy"
    stack.api.logs["mlflow"] = ["a line of mlflow"]
    assert "a line of mlflow" in stack.run("logs", "mlflow")
    assert "port-forward --address 127.0.0.1 service/mlflow 5000:5000" in stack.run("open", "mlflow", "--print")
    assert "error[target-not-available]" in stack.run("restart", "mlflow", code=2)
    stack.run("down", "--delete-data", "--yes")
    assert stack.api.get("Namespace", NAMESPACE) is None


def test_what_was_changed_by_hand_is_drift_and_up_puts_it_back(stack: Stack) -> None:
    stack.run("up")
    assert "nothing was changed by hand" in stack.run("drift")
    stack.api.change("Deployment", "mlflow", {"spec": {"replicas": 4}}, NAMESPACE)
    stack.api.change("NetworkPolicy", "mlflow", {"spec": {"ingress": [{}]}}, NAMESPACE)
    everything = {"podSelector": {}, "ingress": [{}], "policyTypes": ["Ingress"]}
    open_door = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": everything}
    stack.api.create({**open_door, "metadata": {"name": "door", "namespace": NAMESPACE}})
    found = json.loads(stack.run("drift", "--json"))["drift"]
    assert {(each["address"].partition("/")[2], each["attribute"]) for each in found} == {
        ("mlflow", "spec.replicas"), ("mlflow", "spec.ingress"), ("door", ""),
    }  # fmt: skip
    stack.run("up")
    assert stack.deployment("mlflow")["spec"]["replicas"] == 1


@pytest.mark.finding("K9", "K10")
def test_drift_knows_what_up_leaves_and_what_the_file_changed_since(stack: Stack) -> None:
    stack.run("up")
    template = stack.deployment("mlflow")["spec"]["template"]["spec"]["containers"][0]["env"]
    containers = [{**stack.deployment("mlflow")["spec"]["template"]["spec"]["containers"][0]}]
    containers[0]["env"] = [*template, {"name": "DEBUG", "value": "1"}]
    stack.api.change("Deployment", "mlflow", {"spec": {"template": {"spec": {"containers": containers}}}}, NAMESPACE)
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "rules": []}
    stack.api.create({**role, "metadata": {"name": "theirs", "namespace": NAMESPACE}})
    said = stack.run("drift")
    assert said.count("(stays)") == 2
    assert "restores it" not in said
    assert "nothing to do" in stack.run("up")
    assert {each["restored"] for each in json.loads(stack.run("drift", "--json"))["drift"]} == {False}
    stack.api.change("Deployment", "mlflow", {"spec": {"replicas": 4}}, NAMESPACE)
    assert "restores it but for what is marked `stays`" in stack.run("drift")
    stack.api.change("Deployment", "mlflow", {"spec": {"replicas": 1}}, NAMESPACE)
    stack.write(TRACKING.replace("[evidently, prometheus]", "[prometheus]"))
    edited = json.loads(stack.run("drift", "--json"))["drift"]
    assert {each["address"].partition(" ")[0] for each in edited} <= {"Deployment", "Role"}


@pytest.mark.finding("K14")
def test_another_storage_class_is_refused_before_anything_is_changed(stack: Stack) -> None:
    stack.run("up")
    slow = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "example.org/disk"}
    stack.api.create({**slow, "metadata": {"name": "slow"}})
    stack.write(TRACKING, **{"storage-class": "slow"})
    before = stack.api.get("Cluster", "cloudnative-pg", NAMESPACE)
    for command in ("plan", "up"):
        refused = stack.run(command, code=2)
        assert "error[immutable-field]: `spec.volumeClaimTemplates` of the StatefulSet churn/evidently" in refused
    assert stack.api.get("Cluster", "cloudnative-pg", NAMESPACE) == before


def test_keys_of_an_existing_bucket_are_copied_and_copied_anew_when_they_changed(stack: Stack) -> None:
    place = {"bucket": "company-data", "region": "eu-west-1", "endpoint": "https://store.example.org"}
    stack.write(f"{TRACKING}  object_store: [s3: {{settings: {json.dumps(place)}}}]\n")
    refused = stack.run("up", code=2)
    assert "error[missing-secret]" in refused
    assert "kubectl create secret generic object-store" in refused
    namespace(stack, NAMESPACE, OURS)
    data = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), base64_of("first"))
    meta = {"name": "object-store", "namespace": NAMESPACE}
    stack.api.create({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "Opaque", "data": data})
    stack.run("up")
    wire = stack.api.get("Secret", "mlflow-artifacts", NAMESPACE)
    assert wire
    assert wire["data"]["AWS_ACCESS_KEY_ID"] == base64_of("first")
    assert wire["data"]["AWS_ENDPOINT_URL"] == base64_of("https://store.example.org")
    assert stack.api.get("StatefulSet", "seaweedfs", NAMESPACE) is None
    assert "nothing to do" in stack.run("up")
    stack.api.change("Secret", "object-store", {"data": {"AWS_ACCESS_KEY_ID": base64_of("second")}}, NAMESPACE)
    stack.run("up")
    wire = stack.api.get("Secret", "mlflow-artifacts", NAMESPACE)
    assert wire["data"]["AWS_ACCESS_KEY_ID"] == base64_of("second")


def test_down_keeps_volumes_and_secrets_unless_told_otherwise(stack: Stack) -> None:
    stack.run("up")
    before = stack.api.get("Secret", "mlflow-backend", NAMESPACE)
    stack.run("down")
    assert stack.api.list("Deployment", NAMESPACE) == []
    assert hibernation(stack) == "on"
    stack.run("up")
    after = stack.api.get("Secret", "mlflow-backend", NAMESPACE)
    assert before["data"] == after["data"]
    assert hibernation(stack) == "off"


@pytest.mark.finding("K6", "K15", "K18")
def test_data_can_be_deleted_after_the_stack_went_down_and_nothing_else_goes(stack: Stack) -> None:
    before = {kind: named(stack, kind) for kind in ("Namespace", "Secret", "Cluster")}
    namespace(stack, "theirs", {})
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "mlflow-backend", "namespace": "theirs"}}
    stack.api.create(secret)
    stack.run("up")
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    meta = {"name": "data-evidently-0", "namespace": NAMESPACE}
    stack.api.create({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": claim})
    assert "kept: volumes" in stack.run("down")
    assert "kept: volumes" in stack.run("down")
    assert hibernation(stack) == "on"
    told = stack.run("status", code=2)
    assert "is not in its cluster; its data is kept in the namespace `churn`" in told
    assert "process" not in told
    gone = stack.run("down", "--delete-data", "--yes")
    assert "everything was removed" in gone
    assert "clusters.postgresql.cnpg.io" in gone  # the definition stays
    assert "nothing was running" in stack.run("down", "--delete-data", "--yes")
    assert "nothing was running" in stack.run("down")
    assert named(stack, "Namespace") == before["Namespace"] | {"/theirs"}
    assert named(stack, "Secret") == before["Secret"] | {"theirs/mlflow-backend"}
    assert named(stack, "Cluster") == named(stack, "PersistentVolumeClaim") == set()
    assert named(stack, "Deployment") == set()  # the operator went too


@pytest.mark.slow
@pytest.mark.finding("K6")
def test_a_namespace_that_somebody_made_anew_after_down_is_not_deleted(stack: Stack) -> None:
    stack.run("up")
    stack.run("down")
    stack.api.delete("Namespace", NAMESPACE)
    namespace(stack, NAMESPACE, {})
    stack.api.create(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "mlflow-backend", "namespace": NAMESPACE}}
    )
    assert "error[namespace-taken]" in stack.run("up", code=2)
    stack.run("down", "--delete-data", "--yes")
    assert named(stack, "Secret") == {f"{NAMESPACE}/mlflow-backend"}
    assert named(stack, "Deployment") == set()


@pytest.mark.slow
@pytest.mark.finding("K6")
def test_data_goes_with_a_stack_that_came_up_again(stack: Stack) -> None:
    for command in (["up"], ["down"], ["up"], ["down", "--delete-data", "--yes"]):
        stack.run(*command)
    assert stack.api.get("Namespace", NAMESPACE) is None
    assert named(stack, "Secret") == named(stack, "Cluster") == named(stack, "Deployment") == set()


@pytest.mark.finding("K19")
@pytest.mark.parametrize(("name", "label"), [(NAMESPACE, "part-of=churn"), ("cnpg-system", "managed-by=platinfra")])
def test_a_namespace_of_somebody_else_is_refused_before_anything_is_changed(
    stack: Stack, name: str, label: str
) -> None:
    namespace(stack, name, {"team": "theirs"})
    for command in ("plan", "up"):
        refused = stack.run(command, code=2)
        assert "error[namespace-taken]" in refused
        assert f"kubectl label namespace {name} app.kubernetes.io/{label}" in refused
    assert named(stack, "NetworkPolicy") == set()
    assert not [path for verb, path in stack.api.seen if verb == "PATCH" and "dryRun" not in path]


@pytest.mark.slow
def test_a_failing_upgrade_goes_back_to_what_was_there(stack: Stack) -> None:
    stack.run("up")
    text = (stack.folder / "platinfra.yaml").read_text()
    (stack.folder / "platinfra.yaml").write_text(text.replace("[mlflow]", "[{mlflow: {settings: {workers: 2}}}]"))
    stack.api.become("Deployment", "mlflow", "failed")
    out = stack.run("up", code=1)
    assert "release-rolled-back" in out
    stack.api.become("Deployment", "mlflow", "ready")
    stack.run("up")


@pytest.mark.slow
def test_a_removed_tool_goes_with_all_that_it_had(stack: Stack) -> None:
    stack.run("up")
    stack.write(TRACKING.replace("[evidently, prometheus]", "[prometheus]"))
    assert "evidently" in stack.run("up", code=2)
    stack.run("up", "--yes")
    assert stack.api.get("StatefulSet", "evidently", NAMESPACE) is None
    assert stack.api.get("NetworkPolicy", "evidently", NAMESPACE) is None
    assert stack.api.get("Deployment", "mlflow", NAMESPACE)


def test_nothing_is_touched_when_the_cluster_is_not_fit(stack: Stack) -> None:
    file = stack.folder / "platinfra.yaml"
    good = file.read_text()
    for change, slug in (
        (("{name: kubernetes}", "{name: kubernetes, context: duoble}"), "unknown-context"),
        (("{name: kubernetes}", "{name: kubernetes, context: elsewhere}"), "cluster-unreachable"),
        (('"charts"', '"storage-class": "slow", "charts"'), "missing-storage-class"),
        ((str(FIXTURES), str(FIXTURES.parent)), "chart-version-missing"),
    ):
        file.write_text(good.replace(*change))
        assert f"error[{slug}]" in stack.run("up", code=2), slug
    file.write_text(good)
    stack.api.deny("create", "namespaces")
    assert "error[cluster-denied]" in stack.run("up", code=2)
    assert stack.api.list("Namespace") == [] or stack.api.get("Namespace", NAMESPACE) is None


@pytest.mark.finding("K13")
def test_who_has_the_printed_roles_and_nothing_else_brings_a_stack_up_and_down(stack: Stack) -> None:
    roles = list(yaml.safe_load_all(stack.run("permissions", "--operator")))
    assert {each["kind"] for each in roles} == {"Role", "ClusterRole"}
    assert not any("*" in (*rule["verbs"], *rule.get("resources", ())) for each in roles for rule in each["rules"])
    stack.api.allow_only(roles)
    stack.run("up")
    assert "nothing to do" in stack.run("up")
    assert "nothing was changed by hand" in stack.run("drift")
    stack.run("down", "--delete-data", "--yes")
    assert stack.api.get("Namespace", NAMESPACE) is None


@pytest.mark.finding("K13")
def test_everything_that_is_not_allowed_is_told_at_once_and_nothing_is_tried(stack: Stack) -> None:
    stack.api.allow_only([])
    refused = stack.run("up", code=2)
    assert refused.count("error[cluster-denied]") == 1
    assert "permissions --operator" in refused
    for each in ("deployments.apps in `churn`", "networkpolicies.networking.k8s.io in `churn`", "namespaces"):
        assert each in refused
    assert stack.api.list("Namespace") == [] or stack.api.get("Namespace", NAMESPACE) is None


@pytest.mark.finding("K5")
def test_kinds_that_are_served_late_are_waited_for(stack: Stack) -> None:
    stack.api.lag(4)
    stack.run("up")
    assert "nothing to do" in stack.run("up")


@pytest.mark.finding("K17")
def test_a_no_op_starts_no_kubectl_and_asks_little(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.targets.kubernetes.test_lifecycle.KUBECTL", "/none/kubectl")
    stack.run("up")
    applied = json.loads((next(stack.folder.glob(".platinfra/*/state.json"))).read_text())["applied"].values()
    releases = sum(each["kind"] == "release" for each in applied)
    objects = sum(len(each["record"].get("objects", ())) for each in applied)
    before = len(stack.api.seen)
    assert "nothing to do" in stack.run("up")
    asked = [path for method, path in stack.api.seen[before:] if method == "GET" and "selfsubject" not in path]
    assert len(asked) <= 3 * (objects + 12 * releases)


def test_a_plan_without_a_cluster_is_told_from_the_file(stack: Stack) -> None:
    stack.api.vanish()
    out = stack.run("plan")
    assert "The cluster was not checked" in out
    assert "release mlflow" in out


@pytest.mark.slow
def test_a_cluster_that_vanishes_in_the_middle_is_told_and_the_next_up_goes_on(stack: Stack) -> None:
    stack.api.become("StatefulSet", "evidently", "pending")
    child = stack.start("up")
    eventually(lambda: stack.api.get("StatefulSet", "evidently", NAMESPACE))
    stack.api.vanish()
    out, _ = child.communicate(timeout=120)
    assert child.returncode == 1
    assert "cluster-unreachable" in out
    stack.api.return_()
    stack.api.become("StatefulSet", "evidently", "ready")
    stack.run("up")
    stack.run("down", "--delete-data", "--yes")


@pytest.mark.slow
@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_up_is_finished_by_the_next(stack: Stack) -> None:
    stack.api.become("Deployment", "mlflow", "pending")
    child = stack.start("up")
    eventually(lambda: stack.api.get("Deployment", "mlflow", NAMESPACE))
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=60)
    assert child.returncode == 130
    stack.api.become("Deployment", "mlflow", "ready")
    stack.run("up")


@pytest.mark.slow
def test_a_killed_up_is_finished_by_the_next(stack: Stack) -> None:
    stack.api.become("Deployment", "mlflow", "pending")
    child = stack.start("up")
    eventually(lambda: stack.api.get("Deployment", "mlflow", NAMESPACE))
    child.kill()
    child.communicate(timeout=60)
    stack.api.become("Deployment", "mlflow", "ready")
    stack.run("up")
    stack.run("down", "--delete-data", "--yes")
    assert stack.api.get("Namespace", NAMESPACE) is None


def test_a_lost_state_does_not_keep_a_stack_from_going_up_again(stack: Stack) -> None:
    stack.run("up")
    secret = stack.api.get("Secret", "mlflow-backend", NAMESPACE)
    shutil.rmtree(stack.folder / ".platinfra")
    stack.run("up")
    assert stack.api.get("Secret", "mlflow-backend", NAMESPACE)["data"] == secret["data"]
