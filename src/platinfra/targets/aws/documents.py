"""IAM documents: who may assume a role, and what it may do."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from platinfra.model.reference import Text
from platinfra.targets.aws.place import AwsPlace

if TYPE_CHECKING:
    from platinfra.targets.aws.statements import Statement

Known = Mapping[str, str | list[str] | Text]
"""What placeholders stand for; empty is what a stack does not have."""
VERSION = "2012-10-17"
"""The current version of the policy language."""
WIRES, BY_ID = "wires", "wires-by-id"
"""Names of a role's inline policies: what is known before the plan, and what names ids that AWS chooses."""


def policies(statements: "Iterable[Statement]") -> dict[str, dict[str, Any]]:
    """Return the inline policies of one role by name."""
    found = list(statements)
    parts = {WIRES: [each for each in found if not each.by_id], BY_ID: [each for each in found if each.by_id]}
    return {name: policy(each.document() for each in part) for name, part in parts.items() if part}


def policy(statements: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a policy document."""
    return {"Version": VERSION, "Statement": [dict(each) for each in statements]}


def placeholders(place: AwsPlace) -> dict[str, str]:
    """Return what the placeholders of statements in tables stand for, whatever the stack."""
    return {
        "arn": f"arn:{place.region.partition}",
        "here": f"{place.region.name}:{place.account}",
        "region": place.region.name,
        "account": place.account,
        "domain": place.region.domain,
        "prefix": place.prefix,
        "stack": place.stack,
        "environment": place.environment,
        "cluster": place.cluster_name,
    }


def fill_statements(table: Mapping[str, Any], known: Known) -> Iterator[dict[str, Any]]:
    """Yield the statements of a table with its placeholders replaced; those that would allow no value are left out."""
    for sid, each in table.items():
        conditions = _conditions(each.get("conditions", {}), known)
        if conditions is not None:
            yield statement(sid, each["actions"], [fill(text, known) for text in each["resources"]], conditions)


def statement(
    sid: str, actions: list[str], resources: list[Any], conditions: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a statement that allows something."""
    made = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
    return {**made, "Condition": conditions} if conditions else made


def fill(template: Any, known: Known) -> Any:
    """Return a template with its placeholders replaced; one that stands alone keeps its list, or its text with references."""
    if isinstance(template, list):
        return [fill(each, known) for each in template]
    alone = known.get(template.removeprefix("{").removesuffix("}")) if template.startswith("{") else None
    return alone if isinstance(alone, (list, tuple)) else template.format_map(known)


def _conditions(templates: Mapping[str, Mapping[str, Any]], known: Known) -> dict[str, Any] | None:
    """Return conditions without the pairs that mean nothing for a stack; None when one allows no value at all."""
    filled = {
        operator: {fill(key, known): value for key, text in pairs.items() if (value := fill(text, known)) != ""}
        for operator, pairs in templates.items()
    }
    if any(value == [] for pairs in filled.values() for value in pairs.values()):
        return None
    return {operator: pairs for operator, pairs in filled.items() if pairs}


def pod_trust(place: AwsPlace, cluster: str, namespace: str, service_account: str) -> dict[str, Any]:
    """
    Let the pods of one service account assume a role.

    Source: EKS user guide, "EKS Pod Identity: role trust policy" and the session tags that EKS adds.
    """
    condition = {
        "StringEquals": {
            "aws:SourceAccount": place.account,
            "aws:RequestTag/kubernetes-namespace": namespace,
            "aws:RequestTag/kubernetes-service-account": service_account,
        },
        "ArnEquals": {"aws:SourceArn": place.arn("eks", f"cluster/{cluster}")},
    }
    return _trust({"Service": "pods.eks.amazonaws.com"}, ["sts:AssumeRole", "sts:TagSession"], condition)


def service_trust(place: AwsPlace, service: str, source: str | None = None, *, tags: bool = False) -> dict[str, Any]:
    """Let a service of AWS assume a role, for this account and for the named source only; `tags` lets it tag its sessions."""
    condition: dict[str, Any] = {"StringEquals": {"aws:SourceAccount": place.account}}
    if source:
        condition["ArnLike"] = {"aws:SourceArn": source}
    return _trust({"Service": service}, ["sts:AssumeRole", *(["sts:TagSession"] if tags else [])], condition)


def plain_service_trust(service: str) -> dict[str, Any]:
    """Let a service assume a role; for services that name no source, such as EC2 for an instance profile."""
    return _trust({"Service": service}, ["sts:AssumeRole"], {})


def role_trust(role_arn: str | Text) -> dict[str, Any]:
    """Let another role of the account assume a role."""
    return _trust({"AWS": role_arn}, ["sts:AssumeRole"], {})


def federated_trust(place: AwsPlace, provider: str, audience: str | None, users: list[str]) -> dict[str, Any]:
    """Let the named users of the organisation's identity provider assume a role, by SAML or OIDC."""
    if ":saml-provider/" in provider:
        domain = "signin.aws.amazon.com" if place.region.partition == "aws" else f"signin.{place.region.domain}"
        condition = {"StringEquals": {"SAML:aud": f"https://{domain}/saml", "SAML:sub": users}}
        return _trust({"Federated": provider}, ["sts:AssumeRoleWithSAML", "sts:TagSession"], condition)
    issuer = provider.partition(":oidc-provider/")[2]
    condition = {"StringEquals": {f"{issuer}:aud": audience or "", f"{issuer}:sub": users}}
    return _trust({"Federated": provider}, ["sts:AssumeRoleWithWebIdentity"], condition)


def _trust(principal: Mapping[str, Any], actions: list[str], condition: Mapping[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": dict(principal), "Action": actions}
    return policy([{**statement, "Condition": condition} if condition else statement])
