"""What Terraform would change, by component, with what is lost."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from platinfra.model.plan import Change, Verb
from platinfra.targets.aws import labels

if TYPE_CHECKING:
    from platinfra.drivers.terraform_events import PlannedChange

_VERBS: dict[str, Verb] = {"create": "create", "update": "update", "replace": "replace", "delete": "remove"}
LOSES = {
    "aws_db_instance": "the database and all its data",
    "aws_s3_bucket": "the bucket and all its objects and versions",
    "aws_kms_key": "the key, and everything encrypted with it",
    "aws_secretsmanager_secret": "the secret",
    "aws_ecr_repository": "the images",
    "aws_ebs_volume": "the machine's data disk",
    "aws_sagemaker_model_package_group": "the registered models",
    "aws_glue_catalog_database": "the table definitions",
    "aws_eks_cluster": "the cluster and everything that runs in it",
    "aws_cloudwatch_log_group": "the logs",
}
"""Types of resources that hold something which is gone when they are replaced or destroyed."""


def changes_of(planned: "Iterable[PlannedChange]") -> list[Change]:
    """Return the changes of a plan; what is only read or moved is none."""
    return [_change(each, _VERBS[each.action]) for each in planned if each.action in _VERBS]


def find_losses(changes: Iterable[Change]) -> list[Change]:
    """Return the changes that lose data."""
    return [each for each in changes if each.loses]


def _change(planned: "PlannedChange", verb: Verb) -> Change:
    resource = planned.resource
    loses = LOSES.get(resource.resource_type, "") if verb in {"replace", "remove"} else ""
    return Change(verb, resource.address, labels.owner(resource.address), resource.address, loses=loses)
