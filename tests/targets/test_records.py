"""Each form of a record that was ever written down, as the commands of today read it."""

import json
from pathlib import Path
from typing import Any

import pytest

from platinfra.diagnostics import PlatinfraError
from platinfra.drivers.record_file import RecordFile
from platinfra.model.record import ActionRecord
from platinfra.model.workspace import DEFAULT, Workspace
from platinfra.resolve.workspace import resolve_workspace
from platinfra.targets.answers import Talk
from platinfra.targets.aws.record import CloudComponent, CloudRecord
from platinfra.targets.aws.target import Aws
from platinfra.targets.aws.verbs.records import last_record, record_of
from platinfra.targets.aws.verbs.stack import cloud_stack
from platinfra.targets.folder import write_folder
from platinfra.targets.kubernetes.record import AddressRecord, ClusterRecord, OwnCluster
from platinfra.targets.kubernetes.verbs.site import last_site
from platinfra.targets.local.record import LocalRecord, SecretName
from tests.targets.aws.stacks import CASES, NAMES, text_of
from tests.targets.aws.test_golden import ENVIRONMENTS

START = {
    "kind": "start",
    "component": "mlflow",
    "digest": "d",
    "record": {"process": "mlflow.server"},
    "pending": False,
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "platinfra.yaml")


def write(workspace: Workspace, target: str, components: Any, applied: Any) -> None:
    workspace.root.mkdir(parents=True, exist_ok=True)
    data = {"version": 1, "stack": "demo", "target": target, "components": components, "applied": applied}
    (workspace.root / "state.json").write_text(json.dumps(data))


# The first endpoints ended with `metrics`; then who listens, where to look and what may be missing was said too.
FIRST_END = {"url": "http://127.0.0.1:5000", "host": "127.0.0.1", "port": 5000, "ready": "/health", "metrics": None}
LATER_END = {**FIRST_END, "process": "mlflow.server", "probe": "/api", "required": True}


@pytest.mark.parametrize("end", [FIRST_END, LATER_END])
def test_a_machine(workspace: Workspace, end: dict[str, Any]) -> None:
    wire = {
        "name": "backend",
        "provider": "postgres",
        "capability": "sql_database",
        "access": ["read", "write"],
        "reason": "the only one",
        "client": False,
        "attributes": {"url": ["postgresql://u:", {"component": "mlflow", "secret": "backend-password"}, "@h/d"]},
    }
    component = {
        "tool": "mlflow",
        "stages": ["experiment_tracker"],
        "reason": "",
        "folder": "/tools/mlflow",
        "requirements": "requirements.txt",
        "check": "check.py",
        "executes": False,
        "page": ["http://127.0.0.1:5000/?token=", {"component": "mlflow", "secret": "token"}],
        "endpoints": {"http": end},
        "processes": {"mlflow.server": "/logs/mlflow.server.log"},
        "client_env": {"MLFLOW_TRACKING_URI": "http://127.0.0.1:5000"},
        "bindings": [wire],
    }
    write(workspace, "local", {"mlflow": component}, {"start:mlflow.server": START})
    record = RecordFile(workspace.root, LocalRecord).load()
    found = record.components["mlflow"]
    assert (record.stack, record.applied) == ("demo", {"start:mlflow.server": ActionRecord(**START)})
    assert (found.stages, found.url, found.check) == (("experiment_tracker",), "http://127.0.0.1:5000", "check.py")
    assert found.page == ("http://127.0.0.1:5000/?token=", SecretName("mlflow", "token"))
    assert found.bindings[0].access == ("read", "write")
    assert found.bindings[0].attributes["url"][1] == SecretName("mlflow", "backend-password")
    assert found.endpoints["http"].ready == "/health"
    assert found.endpoints["http"].process == end.get("process")
    assert found.endpoints["http"].required is end.get("required", False)
    assert found.packages == ("/tools/_packages",)  # where platinfra's own tools find them


# Pods came after the first form, and routes after that.
FIRST = {
    "tool": "mlflow",
    "stages": ["experiment_tracker"],
    "reason": "",
    "namespace": "demo",
    "context": "lab",
    "endpoints": {"http": {"url": "http://mlflow.demo.svc.cluster.local:5000", "host": "mlflow.demo", "port": 5000}},
    "bindings": [{"to": "postgres", "access": ["read", "write"]}, {"to": "store", "access": ["read"]}],
}
WITH_PODS = {**FIRST, "pods": [{"app": "mlflow"}]}
WITH_ROUTE = {**WITH_PODS, "route": "https://mlflow.example.org"}
OBJECTS = {"kind": "objects", "component": "mlflow", "digest": "d", "record": {"objects": []}, "pending": True}


@pytest.mark.parametrize("component", [FIRST, WITH_PODS, WITH_ROUTE])
def test_a_cluster(workspace: Workspace, component: dict[str, Any]) -> None:
    write(workspace, "kubernetes", {"mlflow": component}, {"objects:mlflow": OBJECTS})
    record = RecordFile(workspace.root, ClusterRecord).load()
    found = record.components["mlflow"]
    assert (record.namespace, record.context, record.cluster) == ("demo", "lab", None)
    assert record.applied["objects:mlflow"].pending
    assert found.pods == tuple(component.get("pods", [{"app.kubernetes.io/instance": "mlflow"}]))
    assert found.permissions == 3
    assert found.endpoints["http"] == AddressRecord(**component["endpoints"]["http"])
    assert found.url == component.get("route", component["endpoints"]["http"]["url"])


@pytest.mark.finding("K6")
def test_a_cluster_whose_down_forgot_what_it_kept(workspace: Workspace) -> None:
    workspace.root.mkdir(parents=True)
    data = {
        "version": 2,
        "stack": "demo",
        "target": "kubernetes",
        "namespace": "demo",
        "applied": {"objects:mlflow": OBJECTS},
    }
    (workspace.root / "state.json").write_text(json.dumps(data))
    record = RecordFile(workspace.root, ClusterRecord).load()
    assert (record.namespace, record.kept, [*record.applied]) == ("demo", {}, ["objects:mlflow"])


@pytest.mark.parametrize("components", [{}, {"mlflow": WITH_PODS}])
def test_a_cluster_that_was_created_had_a_file_of_its_own(workspace: Workspace, components: Any) -> None:
    write(workspace, "kubernetes", components, {})
    notes = {"program": "kind", "name": "platinfra-demo", "ready": True, "images": ["evidently:1"]}
    (workspace.root / "cluster.json").write_text(json.dumps(notes))
    own = OwnCluster("kind", "platinfra-demo", ready=True, images=("evidently:1",))
    assert RecordFile(workspace.root, ClusterRecord).load().cluster == own
    site = last_site(workspace)
    assert site
    assert site.kubeconfig == workspace.root / "kubeconfig"


def brought_up(workspace: Workspace, name: str) -> CloudRecord:
    """Leave what `up` left when records were of version 1; return what it writes down today."""
    workspace.file.write_text(text_of(name))
    cloud = cloud_stack(resolve_workspace(Workspace(workspace.file, ENVIRONMENTS.get(name, DEFAULT))))
    write_folder(workspace.root / "terraform", cloud.with_state[1])
    components = {
        each.name: {"tool": each.tool, "stages": list(each.stages), "reason": each.reason, "aws": {"arn": "arn:x"}}
        for each in cloud.stack.graph.components.values()
    }
    write(workspace, "aws", components, {})
    if "cluster" in cloud.stack.ground.places:
        (workspace.root / "kubernetes").mkdir()
        config = json.dumps({"current-context": cloud.place.cluster_name})
        (workspace.root / "kubernetes" / "kubeconfig").write_text(config)
    return record_of(cloud, pending=False)


@pytest.mark.parametrize("name", NAMES)
def test_aws(workspace: Workspace, name: str) -> None:
    wanted = brought_up(workspace, name)
    record = last_record(workspace)
    for field in ("stack", "target", "applied", "account", "region", "state_key", "eks_cluster", "kept"):
        assert getattr(record, field) == getattr(wanted, field), field
    assert record.components.keys() == wanted.components.keys()
    on_machine = {key: each for key, each in wanted.components.items() if each.port}
    assert on_machine.items() <= record.components.items()


@pytest.mark.parametrize("loss", ["deleted", "garbage"])
def test_aws_is_known_from_its_folder_where_the_record_is_lost(workspace: Workspace, loss: str) -> None:
    wanted = brought_up(workspace, NAMES[0])
    state = workspace.root / "state.json"
    state.unlink() if loss == "deleted" else state.write_text("garbage")
    record = last_record(workspace)
    assert (record.account, record.region, record.kept) == (wanted.account, wanted.region, wanted.kept)


@pytest.mark.parametrize("target", ["local", "aws"])
def test_up_on_aws_takes_over_nothing_that_is_up_in_the_folder(workspace: Workspace, target: str) -> None:
    workspace.file.write_text((CASES / "seed" / "platinfra.yaml").read_text())
    write(workspace, target, {}, {"start:mlflow.server": START})
    state = workspace.root / "state.json"
    before = state.read_text()
    found = resolve_workspace(workspace)
    with pytest.raises(PlatinfraError, match="another-stack"):
        Aws().up(found, Talk(emit=lambda _: None))
    assert state.read_text() == before


def test_aws_before_anything_was_made(workspace: Workspace) -> None:
    write(workspace, "aws", {}, {})
    assert last_record(workspace).account == ""
    assert RecordFile(workspace.root, CloudRecord).load().components == {}


def test_a_component_of_aws_says_where_its_page_is(workspace: Workspace) -> None:
    told = {"tool": "mlflow", "stages": [], "reason": "", "aws": {}}
    write(workspace, "aws", {"mlflow": told, "rds": {**told, "tool": "rds"}, "gone": {**told, "tool": "gone"}}, {})
    found = RecordFile(workspace.root, CloudRecord).load().components
    assert found["mlflow"] == CloudComponent("mlflow", (), "", 5000)
    assert found["rds"].port is found["gone"].port is None


@pytest.mark.parametrize("kind", [LocalRecord, ClusterRecord, CloudRecord])
def test_the_record_of_a_newer_platinfra_is_refused(workspace: Workspace, kind: Any) -> None:
    write(workspace, kind.destination, {}, {})
    file = RecordFile(workspace.root, kind)
    newer = {"version": len(kind.migrations) + 2, "platinfra": "9.9.9", "target": kind.destination}
    file.path.write_text(json.dumps(newer))
    with pytest.raises(PlatinfraError, match=r"state-version.*platinfra 9\.9\.9"):
        file.load()
