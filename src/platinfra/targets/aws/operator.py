"""The permissions of whoever runs `up` and `down`: what the types of a stack's resources need, and no more."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

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
_DATA = Path(__file__).with_suffix(".yaml")
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


@cache
def data() -> Mapping[str, Any]:
    """Return what is known of Terraform's resource types."""
    found: Mapping[str, Any] = yaml.safe_load(_DATA.read_text())
    return found


def _placeholder_values(values: AwsValues, root: Root) -> dict[str, str | list[str]]:
    """Return what the placeholders stand for; empty is what a stack does not have."""
    place, key = values.facts.place, platform.key_arn(values)
    partition, here = place.region.partition, f"{place.region.name}:{place.account}"
    existing_key = key if isinstance(key, str) else ""
    own_key = "" if existing_key else place.stack
    return {
        "arn": f"arn:{partition}",
        "here": here,
        "region": place.region.name,
        "account": place.account,
        "domain": place.region.domain,
        "prefix": place.prefix,
        "stack": place.stack,
        "environment": place.environment,
        "cluster": place.cluster_name,
        "key": existing_key or place.arn("kms", "key/*"),
        "own_key": own_key,
        "own_network": "" if place.network.vpc_id else place.stack,
        "zone": (place.deployment.domain.zone_id if place.deployment.domain else None) or "*",
        "boundary": place.deployment.permissions_boundary or "",
        "managed": sorted(
            {
                place.arn("iam", f"policy/{each}", region="", account="aws")
                for role in root.roles
                for each in role.managed
            }
        ),
    }


def _statements(wanted: frozenset[str], known: Mapping[str, str | list[str]]) -> Iterator[Statement]:
    """Yield the statements that at least one of the wanted types needs."""
    for sid, each in data()["statements"].items():
        if wanted.intersection(each["for"]):
            resources = [str(_fill(text, known)) for text in each["resources"]]
            conditions = _conditions(each.get("conditions", {}), known)
            if conditions is not None:
                yield _statement(sid, each["actions"], resources, conditions)
    role = f"{known['arn']}:iam::{known['account']}:role"
    if services := _services("passes", wanted, known):
        to = {"StringEquals": {"iam:PassedToService": services}}
        yield _statement("PassRoles", ["iam:PassRole"], [f"{role}/{known['prefix']}-*"], to)
    if services := _services("linked", wanted, known):
        of = {"StringEquals": {"iam:AWSServiceName": services}}
        yield _statement("LinkedRoles", ["iam:CreateServiceLinkedRole"], [f"{role}/aws-service-role/*"], of)


def _statement(sid: str, actions: list[str], resources: list[str], conditions: Mapping[str, Any]) -> Statement:
    made: Statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
    return {**made, "Condition": conditions} if conditions else made


def _services(table: str, wanted: frozenset[str], known: Mapping[str, str | list[str]]) -> list[str]:
    services = {str(_fill(each, known)) for name in wanted for each in data()[table].get(name, [])}
    return sorted(services)


def _conditions(
    templates: Mapping[str, Mapping[str, str]], known: Mapping[str, str | list[str]]
) -> dict[str, Any] | None:
    """Return conditions without the pairs that mean nothing for a stack; None when one allows no value at all."""
    filled = {
        operator: {key: value for key, text in pairs.items() if (value := _fill(text, known)) != ""}
        for operator, pairs in templates.items()
    }
    if any(value == [] for pairs in filled.values() for value in pairs.values()):
        return None
    return {operator: pairs for operator, pairs in filled.items() if pairs}


def _fill(template: str, known: Mapping[str, str | list[str]]) -> str | list[str]:
    """Return a template with its placeholders replaced; one that stands alone keeps its list."""
    alone = known.get(template.removeprefix("{").removesuffix("}")) if template.startswith("{") else None
    return alone if isinstance(alone, list) else template.format_map(known)


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
