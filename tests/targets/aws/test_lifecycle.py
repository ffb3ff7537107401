"""Whole stacks against moto, through the command line: up, nothing to do, changed by hand, down, nothing left."""

import json
import re
from typing import Any

import pytest

from tests.targets.aws.conftest import Cloud
from tests.targets.aws.leftovers import leftovers
from tests.targets.aws.stacks import ACCOUNT, infrastructure_of, text_of
from tests.terraform import TERRAFORM

pytestmark = [
    pytest.mark.skipif(TERRAFORM is None, reason="terraform is not on PATH"),
    pytest.mark.timeout(900),
]
DRIFTED = 3
# Smaller than the cases: the machine with what two tools need.
KEPT = """
name: kept
provider: {name: aws, account-id: "210987654321", region: eu-central-1}
deployment: {type: cloud_vm}
stack:
  data_versioning: [dvc]
  experiment_tracker: [mlflow]
"""


def up(cloud: Cloud) -> None:
    """Bring a stack up; nobody changed anything then, and there is nothing more to do."""
    cloud.does("up", "--yes")
    assert "nothing to do" in cloud.does("plan", "--exit-code")
    assert drift(cloud, code=0) == []


def drift(cloud: Cloud, code: int = DRIFTED) -> list[tuple[str, Any, Any]]:
    found = json.loads(cloud.does("drift", "--exit-code", "--json", code=code))["drift"]
    return [(f"{each['address']} {each['attribute']}".strip(), each["before"], each["after"]) for each in found]


def down(cloud: Cloud, stack: str) -> None:
    """Remove a stack with its data; nothing is left, here or there."""
    assert leftovers(cloud.url, cloud.region)
    cloud.does("down", "--delete-data", "--confirm", stack)
    assert leftovers(cloud.url, cloud.region) == set()
    assert not (cloud.state / "default").exists()


@pytest.mark.live
@pytest.mark.slow
@pytest.mark.own_providers  # its folder is where they look for the files of a release
def test_a_machine_goes_up_and_down(cloud: Cloud) -> None:
    cloud.write(text_of("cloud-vm"))
    up(cloud)
    ec2 = cloud.client("ec2")
    (machine,) = ec2.describe_instances()["Reservations"][0]["Instances"]
    ec2.unmonitor_instances(InstanceIds=[machine["InstanceId"]])
    assert drift(cloud) == [("module.machine.aws_instance.this monitoring", True, False)]
    down(cloud, "small-team")


@pytest.mark.live
@pytest.mark.slow
def test_tasks_and_a_state_machine_go_up_and_down(cloud: Cloud) -> None:
    cloud.region = "eu-west-1"
    cloud.write(infrastructure_of("fargate-states"))
    up(cloud)
    alarms, logs = cloud.client("cloudwatch"), cloud.client("logs")
    (alarm, *_) = alarms.describe_alarms()["MetricAlarms"]
    alarms.delete_alarms(AlarmNames=[alarm["AlarmName"]])
    (group,) = (
        each["logGroupName"] for each in logs.describe_log_groups()["logGroups"] if "fargate" in each["logGroupName"]
    )
    logs.put_retention_policy(logGroupName=group, retentionInDays=1)
    logged, alarmed = drift(cloud)
    assert logged == ("module.component_aws_fargate.aws_cloudwatch_log_group.this retention_in_days", 30, 1)
    assert alarmed[0].startswith("module.component_cloudwatch.aws_cloudwatch_metric_alarm.this[")
    assert alarmed[1:] == ("exists", None)
    down(cloud, "batch-scoring")


@pytest.mark.live
@pytest.mark.slow
@pytest.mark.finding("A19")
@pytest.mark.parametrize(("name", "stack"), [("node-groups", "shared-notebooks"), ("auto-mode", "auto")])
def test_clusters_with_other_nodes_and_shared_files_go_up_and_down(cloud: Cloud, name: str, stack: str) -> None:
    text = infrastructure_of(name)
    cloud.region = str(re.search(r"region: (\S+)", text)[1])  # type: ignore[index]
    cloud.write(text)
    up(cloud)
    (files,) = cloud.client("efs").describe_file_systems()["FileSystems"]
    assert files["Encrypted"]
    assert len(cloud.client("efs").describe_mount_targets(FileSystemId=files["FileSystemId"])["MountTargets"]) == 3
    cloud.client("efs").put_file_system_policy(FileSystemId=files["FileSystemId"], Policy="{}")
    assert [each[0].partition(" ")[0] for each in drift(cloud)] == ["module.files.aws_efs_file_system_policy.this"]
    down(cloud, stack)


@pytest.mark.live
@pytest.mark.slow
def test_sagemaker_and_glue_go_up_and_down(cloud: Cloud) -> None:
    cloud.region = "us-west-2"
    cloud.write(infrastructure_of("sagemaker"))
    up(cloud)
    cloud.client("sagemaker").delete_model_package_group(ModelPackageGroupName="managed-models-sagemaker")
    assert drift(cloud) == [("module.component_sagemaker.aws_sagemaker_model_package_group.this", "exists", None)]
    down(cloud, "managed-models")


@pytest.mark.live
@pytest.mark.slow
@pytest.mark.own_providers  # its folder is where they look for the files of a release
def test_kept_data_stays_and_is_named(cloud: Cloud) -> None:
    cloud.write(KEPT)
    cloud.does("up", "--yes")
    bucket = f"kept-s3-{ACCOUNT}"
    cloud.client("s3").put_object(Bucket=bucket, Key="mlflow/model", Body=b"x")
    told = cloud.run("down", "--keep-data")
    assert told.code == 0, told.said
    assert f"bucket {bucket}" in told.said
    assert "key kept-kms" in told.said
    left = leftovers(cloud.url)
    snapshots = cloud.client("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    (snapshot,) = (each["DBSnapshotIdentifier"] for each in snapshots)
    (disk,) = (each["VolumeId"] for each in cloud.client("ec2").describe_volumes()["Volumes"])
    assert f"snapshot {snapshot}" in told.said
    assert f"disk {disk} (kept-machine-data)" in told.said
    kept = {f"s3 {bucket}", f"rds {snapshot}", f"ec2 {disk}", "kms alias/kept-kms"}
    # The key has an id besides its alias, and AWS's own backups of a database go by themselves.
    assert {each for each in left if not re.fullmatch("kms [0-9a-f-]{36}|rds rds:.+", each)} == kept
    assert cloud.client("s3").get_object(Bucket=bucket, Key="mlflow/model")["Body"].read() == b"x"
    assert not (cloud.state / "default").exists()
