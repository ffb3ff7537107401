"""A graph becomes a Terraform folder: modules, and roles that follow from the wires."""

from typing import TYPE_CHECKING

from platinfra.targets.lazy import modules_of

if TYPE_CHECKING:
    from platinfra.targets.aws import cluster_autoscaler, karpenter, operator, permissions, root, schema_rules, verbs
else:
    __getattr__ = modules_of(__name__)
