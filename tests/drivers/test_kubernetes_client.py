"""The client of a cluster against a stand-in for one: what it reads, applies, compares, deletes and waits for."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from platinfra.diagnostics import ActionError, PlatinfraError
from platinfra.drivers import kubectl, kubernetes_command, kubernetes_wait, process_tree
from platinfra.drivers.kubernetes_client import KubernetesClient
from platinfra.drivers.kubernetes_objects import changed_paths
from platinfra.drivers.kubernetes_problems import conflicts, problem
from platinfra.drivers.kubernetes_readiness import readiness
from platinfra.drivers.kubernetes_versions import numbers, satisfies
from platinfra.model.cluster import Difference, Object, ObjectRef, ref_of
from tests.kubernetes.api import Cluster, cluster
from tests.kubernetes.programs import KUBECTL

from .programs import eventually
from .programs import noted as written

absent = pytest.mark.skipif(KUBECTL is None, reason="kubectl is not on PATH")
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ml"}}
SETTINGS = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "settings", "namespace": "ml"},
    "data": {"size": "1", "color": "red"},
}
WEB = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "ml"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "example/web:1"}]},
        },
    },
}
JOB = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "migrate", "namespace": "ml"},
    "spec": {
        "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "example/one"}]}}
    },
}
ENTRANCE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "ml"},
    "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080, "protocol": "TCP"}]},
}
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "lakes.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"kind": "Lake", "plural": "lakes", "singular": "lake", "listKind": "LakeList"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {"spec": {"type": "object", "properties": {"depth": {"type": "integer"}}}},
                    }
                },
            }
        ],
    },
}
LAKE = {
    "apiVersion": "example.com/v1",
    "kind": "Lake",
    "metadata": {"name": "blue", "namespace": "ml"},
    "spec": {"depth": 3},
}
WEB_REF = ref_of(WEB)


def live(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test that needs the real program."""
    marked: Callable[..., None] = pytest.mark.live(absent(test))
    return marked


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    if KUBECTL:
        monkeypatch.setenv(kubectl.OVERRIDE, KUBECTL)
    with cluster() as found:
        yield found


@pytest.fixture
def client(api: Cluster, tmp_path: Path) -> KubernetesClient:
    return KubernetesClient(kubeconfig=api.kubeconfig(tmp_path / "config"), timeout=5)


@pytest.fixture
def hasty(api: Cluster, tmp_path: Path) -> KubernetesClient:
    """A client that soon gives up."""
    return KubernetesClient(kubeconfig=api.kubeconfig(tmp_path / "config"), timeout=1)


def edited(content: Object, **spec: Any) -> dict[str, Any]:
    return {**content, "spec": {**content["spec"], **spec}}


def code(error: "pytest.ExceptionInfo[PlatinfraError]") -> str:
    return error.value.diagnostics[0].code


def message(error: "pytest.ExceptionInfo[PlatinfraError]") -> str:
    return error.value.diagnostics[0].message


def test_a_cluster_says_its_contexts_its_version_and_its_kinds(client: KubernetesClient, api: Cluster) -> None:
    assert client.contexts() == ["double", "elsewhere"]
    assert client.current_context() == "double"
    assert client.server_version() == "1.34.0"
    kinds = client.api_resources()
    assert {"v1/Pod", "apps/v1/Deployment", "autoscaling/v2/HorizontalPodAutoscaler"} <= kinds
    assert "autoscaling/v1/HorizontalPodAutoscaler" in kinds, "kinds of versions that are not preferred count too"
    assert "example.com/v1/Lake" not in kinds
    api.create(DEFINITION)
    assert "example.com/v1/Lake" in client.api_resources()


def test_an_unknown_context_is_named_with_those_near_it(api: Cluster, tmp_path: Path) -> None:
    with pytest.raises(PlatinfraError) as error:
        KubernetesClient("doubl", api.kubeconfig(tmp_path / "config")).server_version()
    assert code(error) == "unknown-context"
    assert error.value.diagnostics[0].hint == "did you mean `double`?"


def test_a_cluster_that_does_not_answer_is_named_with_its_address(api: Cluster, tmp_path: Path) -> None:
    with pytest.raises(PlatinfraError) as error:
        KubernetesClient("elsewhere", api.kubeconfig(tmp_path / "config")).server_version()
    assert type(error.value) is PlatinfraError, "nothing was touched yet"
    assert code(error) == "cluster-unreachable"
    assert "http://127.0.0.1:9" in message(error)
    assert "refused" in message(error)


def test_a_silent_cluster_is_given_up_within_seconds(api: Cluster, tmp_path: Path) -> None:
    api.vanish(silent=True)
    started = time.monotonic()
    with pytest.raises(PlatinfraError) as error:
        KubernetesClient(None, api.kubeconfig(tmp_path / "config"), timeout=1).server_version()
    assert code(error) == "cluster-unreachable"
    assert time.monotonic() - started < 10


def test_refused_credentials_are_told_apart_from_a_silent_cluster(client: KubernetesClient, api: Cluster) -> None:
    api.refuse_login()
    with pytest.raises(PlatinfraError) as error:
        client.server_version()
    assert code(error) == "cluster-login-failed"


def test_objects_are_applied_and_found_again(client: KubernetesClient, api: Cluster) -> None:
    client.apply([NAMESPACE, SETTINGS, WEB])
    client.apply([NAMESPACE, SETTINGS, WEB])
    found = client.get(ref_of(SETTINGS))
    assert found
    assert found["data"] == SETTINGS["data"]
    seen = api.get("ConfigMap", "settings", "ml")
    assert seen
    assert {each["manager"] for each in seen["metadata"]["managedFields"]} == {"platinfra"}
    assert client.get(ObjectRef("v1", "ConfigMap", "none", "ml")) is None
    assert client.get(ObjectRef("v1", "ConfigMap", "none", "nowhere")) is None
    assert client.get(ref_of(LAKE)) is None, "there is nothing of a kind that is not known"
    assert [each["metadata"]["name"] for each in client.find("deployments.apps", "ml")] == ["web"]
    assert [each["metadata"]["name"] for each in client.find("pods", labels={"app": "web"})] == ["web-0"]
    assert client.find("pods", "ml", {"app": "other"}) == []
    assert client.find("lakes.example.com") == []
    client.annotate(WEB_REF, {"example.com/note": "one two"})
    annotated = api.get("Deployment", "web", "ml")
    assert annotated
    assert annotated["metadata"]["annotations"] == {"example.com/note": "one two"}


def test_a_secret_is_kept_as_the_server_keeps_it_and_compared_so(client: KubernetesClient, api: Cluster) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "one", "namespace": "default"}}
    client.apply([{**secret, "stringData": {"password": "hunter2hunter2"}}])
    found = api.get("Secret", "one", "default")
    assert found
    assert found["data"] == {"password": "aHVudGVyMmh1bnRlcjI="}
    assert [each.change for each in client.diff([{**secret, "stringData": {"password": "hunter2hunter2"}}])] == [
        "unchanged"
    ]
    assert [each.paths for each in client.diff([{**secret, "stringData": {"password": "other"}}])] == [
        (".data.password",)
    ]


def test_what_is_no_longer_applied_is_removed(client: KubernetesClient, api: Cluster) -> None:
    client.apply([NAMESPACE, SETTINGS])
    api.change("ConfigMap", "settings", {"data": {"theirs": "kept"}}, "ml", manager="somebody")
    client.apply([{**SETTINGS, "data": {"size": "2"}}])
    found = api.get("ConfigMap", "settings", "ml")
    assert found
    assert found["data"] == {"size": "2", "theirs": "kept"}


def test_a_field_of_somebody_else_is_a_conflict_unless_forced(client: KubernetesClient, api: Cluster) -> None:
    client.apply([NAMESPACE, SETTINGS, WEB])
    api.change("Deployment", "web", {"spec": {"replicas": 5}}, "ml", manager="autoscaler")
    with pytest.raises(ActionError) as error:
        client.apply([SETTINGS, WEB])
    assert code(error) == "field-conflict"
    assert message(error) == (
        "Deployment ml/web has fields with another owner and another value: `.spec.replicas` belongs to `autoscaler`"
    )
    client.apply([WEB], force=True)
    found = api.get("Deployment", "web", "ml")
    assert found
    assert found["spec"]["replicas"] == 2


def test_a_typing_error_is_refused_by_the_server(client: KubernetesClient) -> None:
    with pytest.raises(ActionError) as error:
        client.apply([NAMESPACE, edited(WEB, replica=2)])
    assert code(error) == "cluster-refused"
    assert "Deployment ml/web" in message(error)
    assert any("replica" in each for each in error.value.diagnostics[0].details)


def test_a_kind_that_is_not_installed_is_named(client: KubernetesClient) -> None:
    with pytest.raises(ActionError) as error:
        client.apply([NAMESPACE, LAKE])
    assert code(error) == "kind-missing"
    assert message(error) == "the cluster has no kind `Lake` in `example.com/v1`"


def test_differences_are_told_object_by_object_and_nothing_changes(client: KubernetesClient, api: Cluster) -> None:
    everything = [NAMESPACE, SETTINGS, WEB, LAKE]
    assert [each.change for each in client.diff(everything)] == ["create"] * 4
    client.apply([NAMESPACE, SETTINGS, WEB])
    assert [each.change for each in client.diff(everything)] == ["unchanged", "unchanged", "unchanged", "create"]
    changed = edited(WEB, replicas=3)
    changed["spec"]["template"] = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "image": "example/web:2"}]},
    }
    assert client.diff([changed, {**SETTINGS, "data": {"size": "1"}}]) == [
        Difference(WEB_REF, "change", (".spec.replicas", '.spec.template.spec.containers[name="web"].image')),
        Difference(ref_of(SETTINGS), "change", (".data.color",)),
    ]
    found = api.get("Deployment", "web", "ml")
    assert found
    assert found["spec"]["replicas"] == 2


def test_several_objects_are_read_and_compared_at_the_same_time(client: KubernetesClient, api: Cluster) -> None:
    maps = [{**SETTINGS, "metadata": {**SETTINGS["metadata"], "name": f"settings-{each}"}} for each in range(40)]
    client.apply([NAMESPACE, *maps[:30]])
    api.deny("list", "*")  # who may look at objects need not be allowed to list them, with the Secrets of others
    api.delay(0.02)
    for look in (client.read, client.diff):
        api.most_at_once()
        found = look([ref_of(each) for each in maps] if look == client.read else maps)
        assert 4 <= api.most_at_once() <= 8, "they overlap, and the server is not flooded"
        absent = None if look == client.read else "create"
        there = [getattr(each, "change", each) for each in found]
        assert [each == absent for each in there] == [False] * 30 + [True] * 10, "answers keep their order"


def test_kinds_are_asked_for_once_by_all_who_miss_one(client: KubernetesClient, api: Cluster) -> None:
    api.delay(0.02)
    lakes = [ref_of({**LAKE, "metadata": {**LAKE["metadata"], "name": f"lake-{each}"}}) for each in range(8)]
    assert client.read(lakes) == [None] * 8
    assert sum(path == "/apis" for _, path in api.seen) <= 3, "when nothing is known, and again where one is missing"


def test_what_may_not_be_read_is_told(client: KubernetesClient, api: Cluster) -> None:
    client.apply([NAMESPACE, SETTINGS])
    api.deny("get", "configmaps")
    with pytest.raises(ActionError) as error:
        client.read([ref_of(NAMESPACE), ref_of(SETTINGS)])
    assert code(error) == "cluster-forbidden"


def test_a_definition_makes_its_kind_known_and_checked(client: KubernetesClient, api: Cluster) -> None:
    client.apply([NAMESPACE, DEFINITION])
    client.wait_ready(ref_of(DEFINITION), 5)
    client.apply([LAKE])
    assert client.diff([LAKE]) == [Difference(ref_of(LAKE), "unchanged")]
    assert client.diff([edited(LAKE, depth=4)]) == [Difference(ref_of(LAKE), "change", (".spec.depth",))]
    with pytest.raises(ActionError) as error:
        client.apply([edited(LAKE, depht=4)])
    assert any("depht" in each for each in error.value.diagnostics[0].details)
    with pytest.raises(ActionError) as error:
        client.wait_ready(ref_of(LAKE), 0.5, pause=0.1)
    assert message(error) == "Lake ml/blue was not ready within 0.5 s: it does not report ready yet"
    api.set_status("Lake", "blue", {"conditions": [{"type": "Ready", "status": "True"}]}, "ml")
    client.wait_ready(ref_of(LAKE), 5)
    client.delete([ref_of(DEFINITION)])
    assert api.list("Lake") == []


def test_deleting_waits_and_minds_nothing_that_is_absent(client: KubernetesClient, api: Cluster) -> None:
    client.apply([NAMESPACE, SETTINGS, WEB])
    client.delete([ref_of(SETTINGS), WEB_REF, ref_of(LAKE), ObjectRef("v1", "Secret", "none", "nowhere")])
    assert api.get("ConfigMap", "settings", "ml") is None
    assert api.get("Pod", "web-0", "ml") is None
    client.apply([SETTINGS])
    client.delete([ref_of(NAMESPACE)])
    assert api.get("Namespace", "ml") is None
    assert api.list("ConfigMap", "ml") == []
    client.delete([ref_of(NAMESPACE)])


def test_a_finalizer_that_nobody_takes_away_is_named(client: KubernetesClient, api: Cluster) -> None:
    held = {**SETTINGS, "metadata": {**SETTINGS["metadata"], "finalizers": ["example.com/volume"]}}
    client.apply([NAMESPACE, held, WEB])
    with pytest.raises(ActionError) as error:
        client.delete([ref_of(held), WEB_REF], timeout=1)
    assert code(error) == "deletion-stuck"
    assert message(error) == "not deleted within 1 s: ConfigMap ml/settings is held by `example.com/volume`"
    assert api.get("Deployment", "web", "ml") is None
    api.change("ConfigMap", "settings", {"metadata": {"finalizers": None}}, "ml")
    assert api.get("ConfigMap", "settings", "ml") is None


@pytest.mark.finding("K16")
def test_a_namespace_that_stays_says_why(client: KubernetesClient, api: Cluster) -> None:
    held = {**SETTINGS, "metadata": {**SETTINGS["metadata"], "finalizers": ["example.com/volume"]}}
    client.apply([NAMESPACE, held])
    conditions = [
        {"type": "NamespaceDeletionDiscoveryFailure", "status": "True", "message": "metrics.k8s.io/v1beta1 is stale"},
        {"type": "NamespaceContentRemaining", "status": "True", "message": "configmaps. has 1 resource instances"},
        {"type": "NamespaceDeletionContentFailure", "status": "False", "message": "all content was deleted"},
    ]
    client.delete([ref_of(NAMESPACE)], wait=False)
    api.set_status("Namespace", "ml", {"phase": "Terminating", "conditions": conditions})
    with pytest.raises(ActionError) as error:
        client.delete([ref_of(NAMESPACE)], timeout=1)
    assert "metrics.k8s.io/v1beta1 is stale; configmaps. has 1 resource instances" in message(error)
    assert "all content was deleted" not in message(error)


def test_permissions_are_asked_for(client: KubernetesClient, api: Cluster) -> None:
    assert client.can_i("create", "deployments.apps", "ml")
    api.deny("create", "namespaces")
    assert not client.can_i("create", "namespaces")
    api.deny("patch", "configmaps")
    with pytest.raises(ActionError) as error:
        client.apply([{**SETTINGS, "metadata": {"name": "settings", "namespace": "default"}}])
    assert code(error) == "cluster-forbidden"
    assert "cannot patch" in message(error)


def test_waiting_ends_when_a_workload_is_ready(client: KubernetesClient, api: Cluster) -> None:
    api.become("Deployment", "web", "pending")
    client.apply([NAMESPACE, WEB])
    said: list[str] = []

    def report(text: str) -> None:
        said.append(text)
        api.become("Deployment", "web", "ready")

    client.wait_ready(WEB_REF, 10, report, pause=0.05)
    assert said == ["Deployment ml/web: 0 of 2 pods are ready"]


def test_a_workload_that_is_not_ready_is_explained_by_its_pods(client: KubernetesClient, api: Cluster) -> None:
    api.become("Deployment", "web", "pending")
    api.logs["web"] = ["starting", "no database"]
    client.apply([NAMESPACE, WEB])
    with pytest.raises(ActionError) as error:
        client.wait_ready(WEB_REF, 0.3, pause=0.1)
    assert code(error) == "not-ready"
    assert message(error) == "Deployment ml/web was not ready within 0.3 s: 0 of 2 pods are ready"
    assert error.value.diagnostics[0].details == (
        "pod web-0: container web: CrashLoopBackOff: back-off 10s restarting failed container (3 restarts)",
        "event: BackOff: Back-off restarting failed container",
        "web | starting",
        "web | no database",
    )


def test_what_failed_is_not_waited_for(client: KubernetesClient, api: Cluster) -> None:
    api.become("Job", "migrate", "failed")
    api.become("Deployment", "web", "failed")
    client.apply([NAMESPACE, JOB, WEB])
    for content, why in ((JOB, "BackoffLimitExceeded"), (WEB, "it made no progress")):
        started = time.monotonic()
        with pytest.raises(ActionError) as error:
            client.wait_ready(ref_of(content), 20, pause=0.1)
        assert time.monotonic() - started < 15
        assert message(error) == f"{ref_of(content)} failed: {why}"
        assert any("CrashLoopBackOff" in each for each in error.value.diagnostics[0].details)


@pytest.mark.finding("K11")
@pytest.mark.parametrize("content", [WEB, {**WEB, "kind": "StatefulSet"}], ids=["by its condition", "by its event"])
def test_pods_that_are_refused_are_told_at_once_and_not_waited_for(
    client: KubernetesClient, api: Cluster, monkeypatch: pytest.MonkeyPatch, content: Object
) -> None:
    monkeypatch.setattr(kubernetes_wait, "_LOOK", 0.1)
    monkeypatch.setattr(kubernetes_wait, "_GRACE", 0.5)
    api.become(content["kind"], "web", "refused")
    client.apply([NAMESPACE, content])
    said: list[str] = []
    with pytest.raises(ActionError) as error:
        client.wait_ready(ref_of(content), 60, said.append, pause=0.05)
    assert any("exceeded quota: small" in each for each in said)
    assert "failed: " in message(error)
    assert "exceeded quota: small, requested: memory=2Gi" in message(error)


@pytest.mark.finding("K11")
def test_a_refusal_that_passes_is_sat_out(
    client: KubernetesClient, api: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubernetes_wait, "_LOOK", 0.1)
    api.become("Deployment", "web", "refused")
    client.apply([NAMESPACE, WEB])

    def report(text: str) -> None:
        if "exceeded quota" in text:
            api.become("Deployment", "web", "ready")

    client.wait_ready(WEB_REF, 20, report, pause=0.05)


def test_waiting_can_be_cancelled(client: KubernetesClient, api: Cluster) -> None:
    api.become("Deployment", "web", "pending")
    client.apply([NAMESPACE, WEB])
    with pytest.raises(ActionError) as error:
        client.wait_ready(WEB_REF, 60, cancelled=lambda: True)
    assert code(error) == "interrupted"


def test_a_cluster_that_vanishes_in_the_middle_is_told(hasty: KubernetesClient, api: Cluster) -> None:
    api.become("Deployment", "web", "pending")
    hasty.apply([NAMESPACE, WEB])
    with pytest.raises(ActionError) as error:
        hasty.wait_ready(WEB_REF, 60, lambda _: api.vanish(), pause=0.05)
    assert code(error) == "cluster-unreachable"
    assert api.url in message(error)
    for action in (lambda: hasty.apply([SETTINGS]), lambda: hasty.diff([WEB]), lambda: hasty.delete([WEB_REF])):
        with pytest.raises(ActionError) as error:
            action()
        assert code(error) == "cluster-unreachable"


def test_a_short_pause_of_the_cluster_is_sat_out(
    client: KubernetesClient, hasty: KubernetesClient, api: Cluster
) -> None:
    api.become("Deployment", "web", "pending")
    client.apply([NAMESPACE, WEB])
    said: list[str] = []

    def report(text: str) -> None:
        said.append(text)
        if len(said) == 1:
            api.vanish()
        else:
            api.return_()
            api.become("Deployment", "web", "ready")

    hasty.wait_ready(WEB_REF, 60, report, pause=0.05)
    assert said[1] == "Deployment ml/web: the cluster does not answer"


@live
def test_logs_are_read_line_by_line(client: KubernetesClient, api: Cluster) -> None:
    api.logs["web"] = ["one", "two", "three"]
    client.apply([NAMESPACE, WEB])
    assert list(client.logs(WEB_REF)) == ["one", "two", "three"]
    assert list(client.logs(WEB_REF, tail=1)) == ["three"]
    with pytest.raises(ActionError) as error:
        list(client.logs(ObjectRef("apps/v1", "Deployment", "none", "ml")))
    assert code(error) == "kubectl-failed"


def test_an_interrupt_from_another_thread_ends_what_runs(client: KubernetesClient, api: Cluster) -> None:
    client.apply([NAMESPACE, {**SETTINGS, "metadata": {**SETTINGS["metadata"], "finalizers": ["example.com/volume"]}}])
    errors: list[PlatinfraError] = []

    def delete() -> None:
        with contextlib.suppress(ActionError):
            try:
                client.delete([ref_of(SETTINGS)], timeout=60)
            except ActionError as error:
                errors.append(error)
                raise

    thread = threading.Thread(target=delete)
    thread.start()
    eventually(lambda: any(method == "DELETE" for method, _ in api.seen))
    client.interrupt()
    thread.join(10)
    assert [each.diagnostics[0].code for each in errors] == ["interrupted"]


def test_what_has_to_be_cleaned_up_after_an_interrupt_is(client: KubernetesClient, api: Cluster) -> None:
    client.apply([NAMESPACE, SETTINGS])
    client.interrupt()
    with contextlib.suppress(ActionError):  # it does not wait any more
        client.delete([ref_of(SETTINGS)])
    assert api.get("ConfigMap", "settings", "ml") is None


def test_a_missing_or_old_kubectl_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(kubectl.OVERRIDE, raising=False)
    with pytest.raises(PlatinfraError) as error:
        kubectl.find()
    assert code(error) == "kubectl-missing"
    program = tmp_path / "kubectl"
    program.write_text('#!/bin/sh\necho \'{"clientVersion": {"gitVersion": "v1.20.2"}}\'\n')
    program.chmod(0o700)
    with pytest.raises(PlatinfraError) as error:
        kubectl.find()
    assert code(error) == "kubectl-too-old"
    assert "is 1.20, and platinfra needs 1.27" in message(error)


def test_a_program_that_does_not_end_is_killed_with_what_it_started(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    ended = kubernetes_command.run(["/bin/sh", "-c", f"sleep 600 & echo $! > {noted}; wait"], timeout=0.5)
    assert ended.code == 124
    assert ended.err == "no answer within 0.5 s"
    eventually(lambda: int(noted.read_text()) not in process_tree.snapshot(), within=5)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_of_the_user_ends_what_runs(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    # Whoever is interrupted while it still starts a program does not know of it: the second is for that.
    program = (
        "import sys\nfrom platinfra.drivers import kubernetes_command\n"
        "kubernetes_command.run(['/bin/sh', '-c', f'sleep 1; echo $$ > {sys.argv[1]}; exec sleep 600'], timeout=60)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program, str(noted)], stderr=subprocess.DEVNULL)
    try:
        (pid,) = written(noted)
        child.send_signal(signal.SIGINT)
        assert child.wait(20) != 0
        assert pid not in process_tree.snapshot()
    finally:
        child.kill()
        child.wait()


def test_programs_see_only_what_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "one")
    monkeypatch.setenv("MY_PASSWORD", "secret")
    monkeypatch.setenv("HELM_DRIVER", "memory")
    ended = kubernetes_command.run(["/bin/sh", "-c", "env"])
    assert "AWS_PROFILE=one" in ended.out
    assert f"PATH={os.environ['PATH']}" in ended.out
    assert "secret" not in ended.out
    assert "HELM_DRIVER" not in ended.out


def test_objects_are_compared_without_what_the_server_writes() -> None:
    live = {**SETTINGS, "metadata": {**SETTINGS["metadata"], "uid": "1", "resourceVersion": "2"}, "status": {"a": 1}}
    assert changed_paths(live, SETTINGS) == ()
    ports = [{"port": 80, "name": "http"}, {"port": 443, "name": "https"}]
    assert changed_paths({**ENTRANCE, "spec": {"ports": ports}}, {**ENTRANCE, "spec": {"ports": ports[::-1]}}) == ()
    assert changed_paths({"metadata": {}, "a": [1, 2]}, {"metadata": {}, "a": [1, 3]}) == (".a",)


@pytest.mark.parametrize(
    ("kind", "spec", "status", "why"),
    [
        ("Deployment", {"replicas": 1}, {"replicas": 2, "updatedReplicas": 1}, "1 old pods are still there"),
        ("Deployment", {"replicas": 0}, {}, ""),
        ("StatefulSet", {"replicas": 2}, {"readyReplicas": 1}, "1 of 2 pods are ready"),
        (
            "StatefulSet",
            {"replicas": 2},
            {"readyReplicas": 2, "currentRevision": "a", "updateRevision": "b", "updatedReplicas": 1},
            "1 of 2 pods are up to date",
        ),
        ("DaemonSet", {}, {}, "it is not scheduled yet"),
        ("DaemonSet", {}, {"desiredNumberScheduled": 1, "updatedNumberScheduled": 1, "numberAvailable": 1}, ""),
        ("Job", {}, {"active": 1}, "it is still running"),
        ("Pod", {}, {"phase": "Succeeded"}, ""),
        ("Pod", {}, {"phase": "Pending"}, "its phase is Pending"),
        ("ConfigMap", {}, {}, ""),
    ],
)
def test_a_status_says_whether_an_object_is_ready(kind: str, spec: Any, status: Any, why: str) -> None:
    content = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "one"}, "spec": spec, "status": status}
    found = readiness(content)
    assert (found.ready, found.why) == (not why, why)


def test_a_status_of_the_past_does_not_count() -> None:
    metadata = {"name": "one", "generation": 2}
    content = {"apiVersion": "v1", "kind": "Job", "metadata": metadata, "status": {"observedGeneration": 1}}
    assert readiness(content).why == "the last change was not observed yet"


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Unable to connect to the server: dial tcp 10.0.0.1:443: i/o timeout", "cluster-unreachable"),
        ("The connection to the server localhost:8080 was refused - did you specify", "cluster-unreachable"),
        ("Unable to connect to the server: dial tcp: lookup x.eks.amazonaws.com: no such host", "cluster-unreachable"),
        ("error: You must be logged in to the server (Unauthorized)", "cluster-login-failed"),
        (
            "Unable to connect to the server: getting credentials: exec: executable aws not found",
            "cluster-login-failed",
        ),
        ('Error from server (Forbidden): pods is forbidden: User "x" cannot list resource "pods"', "cluster-forbidden"),
        ('resource mapping not found: no matches for kind "A" in version "b/v1"', "kind-missing"),
    ],
)
def test_words_of_clients_become_diagnostics(text: str, slug: str) -> None:
    found = problem(text)
    assert found
    assert found.code == slug


def test_a_conflict_of_several_managers_is_read() -> None:
    text = (
        'error: Apply failed with 3 conflicts: conflicts with "kubectl-edit" using apps/v1:\n- .spec.replicas\n'
        '- .spec.paused\nconflict with "other": .data.a\nPlease review the fields above--they currently have'
    )
    assert conflicts(text) == {"kubectl-edit": [".spec.replicas", ".spec.paused"], "other": [".data.a"]}


@pytest.mark.parametrize(
    ("version", "constraint", "wanted"),
    [
        ("v1.34.2-eks-1", ">=1.28.0-0", True),
        ("1.30.0", ">= 1.32.0-0", False),
        ("1.30.5", ">=1.25 <1.30", False),
        ("1.30.5", "~1.30", True),
        ("1.31.0", "~1.30", False),
        ("1.31.0", "^1.30.0 || ^2", True),
        ("2.0.0", "^1.30", False),
        ("1.30.5", "1.30.x", True),
        ("1.31.0", "1.28 - 1.30", False),
        ("1.30.5", "1.28 - 1.30", True),
        ("1.30.5", "!=1.30.x", False),
        ("1.30.5", ">1.30", False),
        ("1.30.5", "<=1.30", True),
        ("1.30.5", "*", True),
        ("1.30.5", "", True),
    ],
)
def test_constraints_on_versions_are_understood(version: str, constraint: str, wanted: bool) -> None:
    assert satisfies(version, constraint) is wanted


def test_a_version_has_three_numbers() -> None:
    assert numbers("v1.34.2-eks-1552ad0") == (1, 34, 2)
    assert numbers("1.34+") == (1, 34, 0)


@pytest.mark.finding("K18")
def test_log_lines_of_a_program_are_no_words_of_its_own(tmp_path: Path) -> None:
    log = "".join(
        f"{level}0101 12:00:00.000001   12345 memcache.go:265] couldn't get the list\n" for level in ("I", "W", "E")
    )
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{log}the server is gone\nEND\n")
    program.chmod(0o700)
    assert kubernetes_command.run([str(program)]).err == "the server is gone\n"
    assert kubernetes_command.without_log(log) == "couldn't get the list\n" * 3
    assert kubernetes_command.without_log("Error 0101: no log\n") == "Error 0101: no log\n"
