"""
Karpenter's controller: what the resources it works with are called, and its policy.

Source: Karpenter's reference on CloudFormation, which explains each permission.
"""

from collections.abc import Mapping
from typing import Any

from platinfra.facts.table import beside
from platinfra.targets.aws import documents
from platinfra.targets.aws.place import AwsPlace

NODES = "cluster-nodes"
"""What the role of the nodes is called."""
QUEUE = "karpenter"
"""What the queue is called that tells of nodes that AWS takes back."""
_STATEMENTS: Mapping[str, Any] = beside(__file__)
REASONS: Mapping[str, str] = {sid: each["reason"] for sid, each in _STATEMENTS.items() if "reason" in each}
"""Statements whose resource has to be `*`, and why."""


def policy(place: AwsPlace) -> dict[str, Any]:
    """Return the policy of the controller."""
    known = {
        **documents.placeholders(place),
        "owned": f"kubernetes.io/cluster/{place.cluster_name}",
        "queue": place.name(QUEUE),
        "node_role": place.role_arn(place.name(NODES, limit=64)),
    }
    return documents.policy(documents.fill_statements(_STATEMENTS, known))
