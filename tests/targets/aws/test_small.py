"""What a small team pays for without asking: little, and nothing of a stack that is up is lost for it."""

import json
from typing import Any

import pytest

from tests.conftest import Command
from tests.targets.aws.conftest import Cloud
from tests.targets.aws.stacks import root_of
from tests.terraform import TERRAFORM

STACK = """
name: team
provider: {{name: aws, account-id: "210987654321", region: eu-central-1}}
deployment: {{{deployment}}}
stack:
  experiment_tracker: [mlflow]
"""
BEFORE = """
name: team
provider: {name: aws, account-id: "210987654321", region: eu-central-1}
deployment: {type: cloud_vm, network: {flow-logs: true}}
stack:
  sql_database: [rds: {settings: {instance_class: db.t4g.medium, multi_az: true}}]
  experiment_tracker: [mlflow]
"""


def calls(deployment: str) -> dict[str, Any]:
    return dict(root_of(STACK.format(deployment=deployment)).modules)


@pytest.mark.parametrize(
    ("size", "instance_class", "standby"),
    [("small", "db.t4g.micro", False), ("medium", "db.m7g.large", True), ("large", "db.m7g.2xlarge", True)],
)
@pytest.mark.finding("A18")
def test_a_standby_of_the_database_comes_with_medium(size: str, instance_class: str, standby: bool) -> None:
    database = calls(f"size: {size}")["component_rds"]
    assert (database["instance_class"], database["multi_az"]) == (instance_class, standby)


@pytest.mark.finding("A18")
def test_only_logs_that_tell_who_did_what_are_kept_unasked() -> None:
    assert calls("type: kubernetes")["cluster"]["log_types"] == ["audit", "authenticator"]
    assert calls("cluster: {logs: [api]}")["cluster"]["log_types"] == ["api"]


@pytest.mark.parametrize(
    ("written", "kept", "bucket", "role"),
    [
        ("{}", "s3", "team-flow-logs-210987654321", False),
        ("{flow-logs: s3}", "s3", "team-flow-logs-210987654321", False),
        ("{flow-logs: cloudwatch}", "cloudwatch", None, True),
        ("{flow-logs: true}", "cloudwatch", None, True),
        ("{flow-logs: none}", "none", None, False),
        ("{flow-logs: false}", "none", None, False),
    ],
)
@pytest.mark.finding("A18")
def test_flow_logs_are_kept_where_they_cost_least(written: str, kept: str, bucket: str | None, role: bool) -> None:
    found = calls(f"network: {written}")
    assert (found["network"]["flow_logs"], found["network"]["flow_log_bucket"]) == (kept, bucket)
    assert ("role_network_logs" in found) == role


@pytest.mark.finding("A18")
def test_a_wrong_value_in_a_list_names_the_list(platinfra: Command, tmp_path: Any) -> None:
    (tmp_path / "platinfra.yaml").write_text(STACK.format(deployment="cluster: {logs: [audits]}"))
    ended = platinfra("validate")
    assert ended.code == 2
    assert "`audits` is not a value of `logs`" in ended.err
    assert "did you mean `audit`?" in ended.err


@pytest.mark.live
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.own_providers
@pytest.mark.skipif(TERRAFORM is None, reason="terraform is not on PATH")
@pytest.mark.finding("A18")
def test_a_stack_that_is_up_loses_nothing_to_cheaper_defaults(cloud: Cloud) -> None:
    cloud.write(BEFORE)
    cloud.does("up", "--yes")
    cloud.write(STACK.format(deployment="type: cloud_vm"))
    planned = json.loads(cloud.does("plan", "--json"))["changes"]
    verbs = {each["key"]: each["verb"] for each in planned}
    database = "module.component_rds.aws_db_instance.this"
    assert verbs[database] == "update"
    (paths,) = (each["paths"] for each in planned if each["key"] == database)
    assert {"multi_az: true → false", 'instance_class: "db.t4g.medium" → "db.t4g.micro"'} <= {*paths}
    assert "      multi_az: true → false\n" in cloud.does("plan")
    assert "module.network.aws_cloudwatch_log_group.flow_logs[0]" not in verbs
    assert [each["key"] for each in planned if each["loses"]] == []
