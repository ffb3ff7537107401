"""The restricted profile, control by control."""

from typing import Any

import pytest
from tests.targets.kubernetes.rules.good import ABSENT, OBJECTS, changed, write

from platinfra.targets.kubernetes.rules import Problem
from platinfra.targets.kubernetes.rules.pod_security import RULES, restricted_objects

CONTEXT = "securityContext"
LISTS = ("containers", "initContainers", "ephemeralContainers")


def careful() -> dict[str, Any]:
    context = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    containers = {
        name: [{"name": name.lower(), CONTEXT: {**context, "capabilities": {"drop": ["ALL"]}}}] for name in LISTS
    }
    return {CONTEXT: {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}, **containers}


def check_restricted(spec: dict[str, Any], annotations: dict[str, str] | None = None) -> list[Problem]:
    metadata = {"name": "a", "namespace": "ml", "annotations": annotations or {}}
    return restricted_objects([{"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}])


def broken(path: str, value: Any) -> list[tuple[str, str]]:
    spec = careful()
    write(spec, path, value)
    return [(each.rule, each.path) for each in check_restricted(spec)]


POD = [
    ("hostNetwork", True, "host-namespaces"),
    ("hostPID", True, "host-namespaces"),
    ("hostIPC", True, "host-namespaces"),
    ("securityContext.windowsOptions.hostProcess", True, "host-process"),
    ("securityContext.seLinuxOptions.type", "spc_t", "selinux"),
    ("securityContext.seLinuxOptions.user", "system_u", "selinux"),
    ("securityContext.seLinuxOptions.role", "system_r", "selinux"),
    ("securityContext.appArmorProfile.type", "Unconfined", "apparmor"),
    ("securityContext.seccompProfile.type", "Unconfined", "seccomp"),
    ("securityContext.runAsUser", 0, "run-as-user"),
]
CONTAINER = [
    ("privileged", True, "privileged"),
    ("allowPrivilegeEscalation", True, "privilege-escalation"),
    ("allowPrivilegeEscalation", ABSENT, "privilege-escalation"),
    ("capabilities.drop", ["NET_RAW"], "capabilities"),
    ("capabilities.drop", ABSENT, "capabilities"),
    ("runAsNonRoot", False, "run-as-non-root"),
    ("runAsUser", 0, "run-as-user"),
    ("procMount", "Unmasked", "proc-mount"),
    ("seccompProfile.type", "Unconfined", "seccomp"),
    ("appArmorProfile.type", "Unconfined", "apparmor"),
    ("seLinuxOptions.type", "spc_t", "selinux"),
    ("windowsOptions.hostProcess", True, "host-process"),
]
ALLOWED = [
    ("securityContext.seccompProfile", {"type": "Localhost", "localhostProfile": "a.json"}),
    ("securityContext.appArmorProfile.type", "RuntimeDefault"),
    ("securityContext.appArmorProfile.type", "Localhost"),
    ("securityContext.seLinuxOptions", {"type": "container_t", "level": "s0:c1,c2"}),
    ("securityContext.sysctls", [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]),
    ("securityContext.runAsUser", 1000),
    ("hostNetwork", False),
    ("volumes", [{"name": "an-empty-folder-by-default"}]),
    ("containers[0].securityContext.capabilities.add", ["NET_BIND_SERVICE"]),
    ("containers[0].securityContext.procMount", "Default"),
    ("containers[0].securityContext.privileged", False),
    ("containers[0].ports", [{"containerPort": 80, "hostPort": 0}]),
    ("containers[0].livenessProbe", {"httpGet": {"port": 80, "host": ""}}),
    *(
        ("volumes", [{"name": "a", kind: {}}])
        for kind in (
            "configMap",
            "csi",
            "downwardAPI",
            "emptyDir",
            "ephemeral",
            "persistentVolumeClaim",
            "projected",
            "secret",
        )
    ),
]


def test_a_careful_pod_breaks_nothing() -> None:
    assert check_restricted(careful()) == []


@pytest.mark.parametrize(("path", "value"), ALLOWED, ids=str)
def test_the_profile_allows(path: str, value: Any) -> None:
    assert broken(path, value) == []


@pytest.mark.parametrize(("path", "value", "rule"), POD, ids=str)
def test_the_profile_forbids_of_a_pod(path: str, value: Any, rule: str) -> None:
    assert broken(path, value) == [(rule, f"spec.{path}")]


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize(("path", "value", "rule"), CONTAINER, ids=str)
def test_the_profile_forbids_of_every_container(kind: str, path: str, value: Any, rule: str) -> None:
    place = f"{kind}[0].securityContext.{path}"
    assert broken(place, value) == [(rule, f"spec.{place}")]


@pytest.mark.parametrize("kind", LISTS)
def test_only_one_capability_may_be_added(kind: str) -> None:
    place = f"{kind}[0].securityContext.capabilities.add"
    assert broken(place, ["NET_BIND_SERVICE", "NET_ADMIN"]) == [("capabilities", f"spec.{place}[1]")]


@pytest.mark.parametrize("kind", LISTS)
def test_a_container_takes_no_port_of_its_node(kind: str) -> None:
    place = f"{kind}[0].ports[0].hostPort"
    assert broken(f"{kind}[0].ports", [{"containerPort": 80, "hostPort": 80}]) == [("host-ports", f"spec.{place}")]


@pytest.mark.parametrize(
    "where", ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle.preStop", "lifecycle.postStart"]
)
@pytest.mark.parametrize("action", ["httpGet", "tcpSocket"])
def test_a_probe_asks_no_other_host(where: str, action: str) -> None:
    place = f"containers[0].{where}.{action}.host"
    assert broken(place, "169.254.169.254") == [("host-probes", f"spec.{place}")]


def test_a_pod_mounts_no_folder_of_its_node() -> None:
    assert broken("volumes", [{"name": "a", "hostPath": {"path": "/"}}]) == [("host-path", "spec.volumes[0].hostPath")]


@pytest.mark.parametrize("kind", ["nfs", "iscsi", "awsElasticBlockStore", "gitRepo", "flexVolume", "fc"])
def test_volumes_of_other_types_are_forbidden(kind: str) -> None:
    assert broken("volumes", [{"name": "a", kind: {}}]) == [("volume-types", "spec.volumes[0]")]


def test_only_safe_sysctls_may_be_set() -> None:
    found = broken("securityContext.sysctls", [{"name": "kernel.msgmax", "value": "1"}])
    assert found == [("sysctls", "spec.securityContext.sysctls[0].name")]


@pytest.mark.parametrize(("field", "rule"), [("runAsNonRoot", "run-as-non-root"), ("seccompProfile", "seccomp")])
def test_what_the_pod_leaves_open_every_container_has_to_say(field: str, rule: str) -> None:
    found = broken(f"securityContext.{field}", ABSENT)
    assert found == [(rule, f"spec.{kind}[0].securityContext.{field}") for kind in LISTS]
    spec = careful()
    said = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}[field]
    del spec[CONTEXT][field]
    for kind in LISTS:
        spec[kind][0][CONTEXT][field] = said
    assert check_restricted(spec) == []


@pytest.mark.parametrize(("profile", "count"), [("unconfined", 1), ("runtime/default", 0), ("localhost/a", 0)])
def test_annotations_of_apparmor_count_too(profile: str, count: int) -> None:
    annotations = {"container.apparmor.security.beta.kubernetes.io/main": profile}
    assert [each.rule for each in check_restricted(careful(), annotations=annotations)] == ["apparmor"] * count


@pytest.mark.parametrize(
    ("kind", "way"),
    [
        ("v1/Pod", ""),
        ("v1/ReplicationController", "spec.template"),
        ("apps/v1/Deployment", "spec.template"),
        ("apps/v1/StatefulSet", "spec.template"),
        ("apps/v1/DaemonSet", "spec.template"),
        ("apps/v1/ReplicaSet", "spec.template"),
        ("batch/v1/Job", "spec.template"),
        ("batch/v1/CronJob", "spec.jobTemplate.spec.template"),
    ],
)
def test_pods_are_found_in_every_workload(kind: str, way: str) -> None:
    api, _, name = kind.rpartition("/")
    each: dict[str, Any] = {"apiVersion": api, "kind": name, "metadata": {"name": "a", "namespace": "ml"}}
    place = f"{way}.spec" if way else "spec"
    write(each, place, {**careful(), "hostPID": True})
    (problem,) = restricted_objects([each])
    assert (problem.object, problem.rule, problem.path) == (f"{name} ml/a", "host-namespaces", f"{place}.hostPID")


def test_the_good_objects_are_restricted() -> None:
    assert restricted_objects(OBJECTS) == []


def test_an_exception_excuses_one_rule_of_one_object_for_a_reason() -> None:
    objects = changed("Deployment ml/mlflow", "spec.template.spec.hostNetwork", True)
    key = ("Deployment ml/mlflow", "host-namespaces")
    assert len(restricted_objects(objects)) == 1
    assert restricted_objects(objects, exceptions={key: "it measures the network of its node"}) == []
    assert [each.rule for each in restricted_objects(objects, exceptions={key: ""})] == ["host-namespaces"]


def test_an_exception_of_another_rule_or_object_excuses_nothing() -> None:
    objects = changed("Deployment ml/mlflow", "spec.template.spec.hostNetwork", True)
    needless = {("Deployment ml/mlflow", "privileged"): "a mistake", ("Pod ml/gone", "host-namespaces"): "of old"}
    assert {each.rule for each in restricted_objects(objects, exceptions=needless)} == {"host-namespaces"}


@pytest.mark.parametrize("value", [0, 1, "false", []])
def test_what_only_looks_like_a_switch_that_is_off_is_none(value: Any) -> None:
    assert broken("hostPID", value) == [("host-namespaces", "spec.hostPID")]


def test_every_rule_is_tested() -> None:
    tested = {row[2] for row in [*POD, *CONTAINER]}
    tested |= {"host-ports", "host-probes", "host-path", "volume-types", "sysctls"}
    assert tested == RULES
