"""The seed spec for AWS and Kubernetes: both folders, the graph and the permissions tell the same."""

import json
from pathlib import Path

import pytest
import yaml

from tests.conftest import Command
from tests.targets.aws.stacks import text_of

ELSEWHERE = {"secrets-manager": "secret"}
"""Components without a module of their own: their modules go by what they hold."""


@pytest.fixture
def folder(platinfra: Command, tmp_path: Path) -> Path:
    (tmp_path / "platinfra.yaml").write_text(text_of("seed"))
    ended = platinfra("render", "--out", "out")
    assert ended.code == 0
    assert "no-recipe" not in ended.err
    return tmp_path / "out"


def objects(folder: Path) -> list[dict]:
    files = sorted((folder / "kubernetes").rglob("objects.yaml"))
    return [each for file in files for each in yaml.safe_load_all(file.read_text()) if each]


def planned(platinfra: Command) -> dict:
    return json.loads(platinfra("plan", "--offline", "--json").out)


def test_every_tool_is_in_one_of_the_folders(folder: Path, platinfra: Command) -> None:
    modules = json.loads((folder / "main.tf.json").read_text())["module"]
    instances = {each["metadata"].get("labels", {}).get("app.kubernetes.io/instance") for each in objects(folder)}
    releases = {each["name"] for each in json.loads((folder / "kubernetes" / "platinfra.json").read_text())["releases"]}
    names = {each["name"] for each in planned(platinfra)["components"]}
    assert {"dvc", "mlflow", "zenml", "aws-batch", "ray", "bentoml", "nvidia-triton", "nannyml"} <= names
    for name in names:
        module = f"component_{name.replace('-', '_')}"
        held = any(each.startswith(ELSEWHERE.get(name, "?")) for each in modules)
        assert module in modules or name in instances or name in releases or held, name


def test_every_role_of_a_pod_has_its_account_and_pods_that_use_it(folder: Path) -> None:
    modules = json.loads((folder / "main.tf.json").read_text())["module"]
    pods = {each["pod_identity"]["service_account"] for each in modules.values() if each.get("pod_identity")}
    found = objects(folder)
    accounts = {each["metadata"]["name"] for each in found if each["kind"] == "ServiceAccount"}
    assert pods - {"karpenter"} <= accounts
    texts = [json.dumps(each) for each in found if each["kind"] not in {"ServiceAccount", "NetworkPolicy"}]
    texts += [path.read_text() for path in (folder / "kubernetes").rglob("values.yaml")]
    for name in pods - {"dvc"}:  # whoever uses DVC brings the pod
        assert any(f'"{name}"' in text or f" {name}\n" in text for text in texts), name


def test_every_wire_in_the_cluster_is_an_opening_on_both_sides(folder: Path, platinfra: Command) -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in objects(folder) if each["kind"] == "NetworkPolicy"}
    wires = planned(platinfra)["bindings"]
    inside = [each for each in wires if each["consumer"] in policies and each["provider"] in policies]
    assert len(inside) >= 3
    for wire in inside:
        assert _names(policies[wire["consumer"]]["egress"], "to", wire["provider"]), wire
        assert _names(policies[wire["provider"]]["ingress"], "from", wire["consumer"]), wire


def _names(rules: list[dict], side: str, component: str) -> bool:
    peers = [each.get("podSelector", {}).get("matchLabels", {}) for rule in rules for each in rule.get(side, ())]
    return any(component in labels.values() for labels in peers)


def test_the_permissions_that_are_told_are_those_that_are_rendered(folder: Path, platinfra: Command) -> None:
    modules = json.loads((folder / "main.tf.json").read_text())["module"]
    rendered = {
        action
        for each in modules.values()
        for document in each.get("policies", {}).values()
        for statement in document["Statement"]
        for action in statement["Action"]
    }
    told = json.loads(platinfra("permissions", "--json").out)
    actions = {action for each in told["statements"] for action in each["actions"] if ":" in action}
    assert actions <= rendered
    assert {"s3:GetObject", "batch:SubmitJob"} <= actions
    of_cluster = {
        each["role"] for each in told["statements"] if not any(action.partition(":")[2] for action in each["actions"])
    }
    roles = {each["metadata"]["name"] for each in objects(folder) if each["kind"] == "Role"}
    assert roles <= {role.rpartition("/")[2] for role in of_cluster} | of_cluster
