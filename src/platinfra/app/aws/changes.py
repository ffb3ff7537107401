"""What Terraform would change, by component and by risk."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from platinfra.targets.aws import labels

if TYPE_CHECKING:
    from platinfra.drivers.terraform_events import PlannedChange

Risk = Literal["create", "change", "replace", "destroy"]
_RISKS: dict[str, Risk] = {"create": "create", "update": "change", "replace": "replace", "delete": "destroy"}
LOSES = {
    "aws_db_instance": "the database with everything in it",
    "aws_s3_bucket": "the bucket with every object and version",
    "aws_kms_key": "the key, and with it whatever it encrypts",
    "aws_secretsmanager_secret": "the secret",
    "aws_ecr_repository": "the images",
    "aws_ebs_volume": "the machine's data disk",
    "aws_sagemaker_model_package_group": "the registered models",
    "aws_glue_catalog_database": "the table definitions",
    "aws_eks_cluster": "the cluster with everything that runs in it",
    "aws_cloudwatch_log_group": "the logs",
}
"""Types of resources that hold something which is gone when they are replaced or destroyed."""


@dataclass(frozen=True, slots=True)
class CloudChange:
    """What would be done to one resource."""

    component: str
    address: str
    type: str
    risk: Risk
    loses: str = ""
    """What is gone afterwards; empty when nothing is."""


def cloud_changes(planned: "Iterable[PlannedChange]") -> list[CloudChange]:
    """Return the changes of a plan; what is only read or moved is none."""
    return [_change(each, _RISKS[each.action]) for each in planned if each.action in _RISKS]


def lost(changes: Iterable[CloudChange]) -> list[CloudChange]:
    """Return the changes that lose data."""
    return [each for each in changes if each.loses]


def _change(planned: "PlannedChange", risk: Risk) -> CloudChange:
    resource = planned.resource
    loses = LOSES.get(resource.resource_type, "") if risk in {"replace", "destroy"} else ""
    return CloudChange(labels.owner(resource.address), resource.address, resource.resource_type, risk, loses)
