"""Cluster Autoscaler's controller: its policy."""

from collections.abc import Mapping
from typing import Any

from platinfra.facts.table import beside
from platinfra.targets.aws import documents
from platinfra.targets.aws.place import AwsPlace

_STATEMENTS: Mapping[str, Any] = beside(__file__)
REASONS: Mapping[str, str] = {sid: each["reason"] for sid, each in _STATEMENTS.items() if "reason" in each}
"""Statements whose resource has to be `*`, and why."""


def policy(place: AwsPlace) -> dict[str, Any]:
    """Return the policy of the controller."""
    known = {**documents.placeholders(place), "group": f"k8s.io/cluster-autoscaler/{place.cluster_name}"}
    return documents.policy(documents.fill_statements(_STATEMENTS, known))
