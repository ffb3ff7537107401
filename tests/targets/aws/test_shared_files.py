"""Files that pods in all zones share: a file system, the driver's role, a class of volumes, and homes that use it."""

from typing import Any

import pytest

from platinfra.diagnostics import PlatinfraError
from platinfra.model.template import plain
from platinfra.targets.aws.verbs import down
from platinfra.targets.aws.verbs.stack import cloud_stack
from tests.kubernetes.stacks import objects
from tests.stacks import resolved
from tests.targets.aws.stacks import root_of
from tests.targets.aws.test_nodes import EXISTING
from tests.targets.aws.test_nodes import stack as small

STACK = """\
name: churn
provider: {name: aws, account-id: "210987654321"}
deployment: {cluster: {shared-files: true}, routes: {domain: ml.example.org, tls: {secret: cert}}, storage-class: CLASS}
stack:
  notebook: [jupyterhub: {settings: {SETTINGS}}]
  sign_in: [github: {settings: {organization: acme}}]
"""
SHARED = "cluster: {shared-files: true}"
pytestmark = pytest.mark.finding("A19")


def homes(settings: str, of_deployment: str = "null") -> dict[str, Any]:
    text = STACK.replace("SETTINGS", settings).replace("CLASS", of_deployment)
    (release,) = [
        each for each in cloud_stack(resolved(text)).bundle(digests=False).releases if each.chart == "jupyterhub"
    ]
    found: dict[str, Any] = plain(release.values)["singleuser"]["storage"]["dynamic"]
    return found


@pytest.mark.parametrize("more", ["", ", autoscaler: auto-mode", ", autoscaler: cluster-autoscaler"])
def test_a_cluster_with_shared_files_has_a_file_system_its_driver_and_a_class(more: str) -> None:
    text = small(f"cluster: {{shared-files: true{more}}}")
    modules = root_of(text).modules
    addon = modules["cluster"]["addons"]["aws-efs-csi-driver"]
    role = modules["role_cluster_files"]
    assert [each.partition(":policy/")[2] for each in role["managed_policies"]] == [
        "service-role/AmazonEFSCSIDriverPolicy"
    ]
    assert (
        role["trust_policy"]["Statement"][0]["Condition"]["StringEquals"]["aws:RequestTag/kubernetes-service-account"]
        == addon["service_account"]
    )
    assert modules["files"]["key_arn"] == modules["cluster"]["key_arn"]
    made = cloud_stack(resolved(text)).bundle({"platform": {"files_id": "fs-0a1b2c3d"}}, digests=False)
    found = plain(objects(made, "StorageClass")["efs"])
    assert found["provisioner"] == "efs.csi.aws.com"
    assert (found["parameters"]["fileSystemId"], found["parameters"]["provisioningMode"]) == ("fs-0a1b2c3d", "efs-ap")
    assert "annotations" not in found["metadata"]


def test_nothing_of_it_is_there_unless_the_file_asks() -> None:
    modules = root_of(small("")).modules
    assert not {"files", "role_cluster_files"} & modules.keys()
    assert "aws-efs-csi-driver" not in modules["cluster"]["addons"]
    assert "efs" not in objects(cloud_stack(resolved(small(""))).bundle(digests=False), "StorageClass")


def test_before_the_file_system_exists_its_id_keeps_its_name() -> None:
    made = cloud_stack(resolved(small(SHARED))).bundle(digests=False)
    assert "module.files.id" in str(objects(made, "StorageClass")["efs"]["parameters"]["fileSystemId"])


def test_an_existing_cluster_has_its_own_way_to_share_files() -> None:
    with pytest.raises(PlatinfraError) as raised:
        root_of(small(EXISTING.replace("sg-0a1b2c3d}", "sg-0a1b2c3d, shared-files: true}")))
    (found,) = raised.value.diagnostics
    assert found.code == "setting-of-another-target"
    assert found.span


@pytest.mark.parametrize(
    ("settings", "of_deployment", "found"),
    [
        ("", "null", {"storageAccessModes": ["ReadWriteOnce"]}),
        ("", "fast", {"storageClass": "fast", "storageAccessModes": ["ReadWriteOnce"]}),
        ("storage_class: efs", "fast", {"storageClass": "efs", "storageAccessModes": ["ReadWriteOnce"]}),
        (
            "storage_class: efs, storage_access: ReadWriteMany",
            "null",
            {"storageClass": "efs", "storageAccessModes": ["ReadWriteMany"]},
        ),
    ],
)
def test_homes_have_the_class_of_their_setting_and_else_that_of_the_deployment(
    settings: str, of_deployment: str, found: dict[str, Any]
) -> None:
    assert homes(settings, of_deployment) == found


def test_files_stay_with_the_data_and_people_are_told_where() -> None:
    after = {"id": "fs-0a1b2c3d", "tags": {"Name": "churn-files"}}
    planned = {"resource_changes": [{"type": "aws_efs_file_system", "change": {"after": after}}]}
    assert list(down._leftovers(planned)) == ["files fs-0a1b2c3d (churn-files)"]
    assert "aws_efs_file_system" in down.PROTECTED
    assert "aws_efs_mount_target" not in down._STAYS
