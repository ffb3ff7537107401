"""The permissions of whoever runs `up` and `down`: what the types of a stack's resources need, and no more."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from platinfra.facts.table import beside
from platinfra.targets.aws import documents, platform
from platinfra.targets.aws.facts import AwsValues
from platinfra.targets.aws.render import render_folder
from platinfra.targets.aws.resources import resource_types
from platinfra.targets.aws.root import Root

MAX_CHARACTERS = 6144
"""Of a managed policy. Source: IAM user guide, "IAM and AWS STS quotas"; white space does not count."""
ALWAYS, STATE = "always", "state"
APPLICATIONS, ADMINISTRATORS = "applications", "administrators"
"""What `up` does beside Terraform: it installs applications, and makes their logins."""
Statement = dict[str, Any]


def policies(values: AwsValues) -> dict[str, dict[str, Any]]:
    """Return documents that each fit a managed policy, by name."""
    root, files = render_folder(values)
    wanted = resource_types(root, files) | {ALWAYS}
    if values.facts.place.deployment.state != "local":
        wanted |= {STATE}
    if values.facts.place.kind == "kubernetes" and values.facts.place.deployment.applications != "gitops":
        wanted |= {APPLICATIONS, ADMINISTRATORS} if root.outputs["administrators"] else {APPLICATIONS}
    found = list(_statements(wanted, _placeholder_values(values, root)))
    prefix = values.facts.place.prefix
    return {
        f"{prefix}-operator-{number}": documents.policy(part) for number, part in enumerate(_divide(found), start=1)
    }


def data() -> Mapping[str, Any]:
    """Return what is known of Terraform's resource types."""
    found: Mapping[str, Any] = beside(__file__)
    return found


def _placeholder_values(values: AwsValues, root: Root) -> documents.Known:
    """Return what the placeholders stand for; empty is what a stack does not have."""
    place, key = values.facts.place, platform.key_arn(values)
    existing_key = key if isinstance(key, str) else ""
    managed = {
        place.arn("iam", f"policy/{each}", region="", account="aws") for role in root.roles for each in role.managed
    }
    return {
        **documents.placeholders(place),
        "key": existing_key or place.arn("kms", "key/*"),
        "own_key": "" if existing_key else place.stack,
        "own_network": "" if place.network.vpc_id else place.stack,
        "zone": (place.deployment.domain.zone_id if place.deployment.domain else None) or "*",
        "boundary": place.deployment.permissions_boundary or "",
        "managed": sorted(managed),
    }


def _statements(wanted: frozenset[str], known: documents.Known) -> Iterator[Statement]:
    """Yield the statements that at least one of the wanted types needs."""
    needed = {sid: each for sid, each in data()["statements"].items() if wanted.intersection(each["for"])}
    yield from documents.fill_statements(needed, known)
    role = f"{known['arn']}:iam::{known['account']}:role"
    if services := _services("passes", wanted, known):
        to = {"StringEquals": {"iam:PassedToService": services}}
        yield documents.statement("PassRoles", ["iam:PassRole"], [f"{role}/{known['prefix']}-*"], to)
    if services := _services("linked", wanted, known):
        of = {"StringEquals": {"iam:AWSServiceName": services}}
        yield documents.statement("LinkedRoles", ["iam:CreateServiceLinkedRole"], [f"{role}/aws-service-role/*"], of)


def _services(table: str, wanted: frozenset[str], known: documents.Known) -> list[str]:
    return sorted({str(documents.fill(each, known)) for name in wanted for each in data()[table].get(name, [])})


def _divide(statements: list[Statement]) -> Iterator[list[Statement]]:
    """Yield the statements in their order, in parts that fit."""
    part: list[Statement] = []
    for each in statements:
        if part and _size([*part, each]) > MAX_CHARACTERS:
            yield part
            part = []
        part.append(each)
    yield part


def _size(statements: list[Statement]) -> int:
    return len(json.dumps(documents.policy(statements), separators=(",", ":")))
