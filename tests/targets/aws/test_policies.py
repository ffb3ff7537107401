"""Every document is checked against what AWS publishes about its actions, by tools that others wrote."""

import json
import re
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from platinfra.model.template import plain
from platinfra.targets.aws import platform
from tests.targets.aws.stacks import NAMES, root_of, text_of

warnings.filterwarnings("ignore", category=UserWarning)
SECRET = "arn:aws:secretsmanager:eu-central-1:210987654321:secret:rds!db-1-AbCdEf"
KEY = "arn:aws:kms:eu-central-1:210987654321:key/11111111-2222-3333-4444-555555555555"
UNAVOIDABLE = {"ecr:GetAuthorizationToken"}
"""Counted as an exposure of credentials; without it no image can be pulled, and the token opens only what the role may pull."""
SEVERAL = {
    "ec2:RunInstances": "touches nine kinds of resources; each of Karpenter's statements allows some of them",
    "ec2:CreateFleet": "as RunInstances",
    "ec2:CreateSecurityGroup": "touches the network and the group, and only the group is asked for with tags",
    "ec2:CreateNetworkInterface": "touches the interface, the subnet and the groups; a statement for each",
    **dict.fromkeys(
        (f"elasticloadbalancing:{each}" for each in ("DeleteListener", "ModifyListener", "ModifyListenerAttributes")),
        "parliament knows the listeners of application load balancers alone",
    ),
    "ssm:GetParameter": "public parameters belong to no account",
    "batch:SubmitJob": "needs the queue and the definition; the job itself was its resource once",
}
"""Actions that parliament wants on all their resources in one statement, and why they are spread."""


def environment_of(name: str) -> str | None:
    return "production" if name == "production" else None


def documents() -> Iterator[Any]:
    for name in NAMES:
        for role in root_of(text_of(name), environment=environment_of(name)).roles:
            for policy, document in role.policies.items():
                yield pytest.param(role, plain(document), id=f"{name}-{role.name}-{policy}")


def concrete(document: dict[str, Any]) -> dict[str, Any]:
    """Put an example where AWS chooses an id."""
    text = re.sub(r"\$\{module\.component_kms\.arn\}", KEY, json.dumps(document))
    text = re.sub(r"\$\{module\.network\.vpc_id\}", "vpc-0a1b2c3d4e5f60718", text)
    text = re.sub(r"\$\{module\.domain\.zone_id\}", "Z0123456789ABCDEFGHIJ", text)
    text = re.sub(r"\$\{module\.component_rds\.master_secret_arn\}", SECRET, text)
    assert "${module." not in text
    return json.loads(text)


@pytest.mark.parametrize(("role", "document"), list(documents()))
def test_every_action_exists_and_every_star_is_unavoidable(role: Any, document: dict[str, Any]) -> None:
    from policy_sentry.querying.actions import get_action_data

    reasons = platform.REASONS | {each.sid: each.reason for each in role.statements}
    for statement in concrete(document)["Statement"]:
        for action in statement["Action"]:
            assert "*" not in action
            service, name = action.split(":")
            data = get_action_data(service, name)
            assert data, f"{action} does not exist"
            scoped = [each for each in data[service] if each["resource_arn_format"] not in {"*", ""}]
            if statement["Resource"] == ["*"]:
                assert not scoped, f"{action} can be scoped: {[each['resource_arn_format'] for each in scoped]}"
                assert reasons.get(statement["Sid"])
            elif scoped:
                assert any(matches(arn, scoped) for arn in statement["Resource"]), (action, statement["Resource"])
            else:
                pytest.fail(f"{action} cannot be scoped, so {statement['Resource']} allows nothing")


def matches(arn: str, formats: list[dict[str, Any]]) -> bool:
    """Tell whether an ARN is of one of the forms that an action takes."""
    for each in formats:
        parts = re.split(r"\$\{\w+\}", each["resource_arn_format"])
        if re.fullmatch("[^:]*".join(re.escape(part).replace(r"\*", ".*") for part in parts), arn):
            return True
    return False


@pytest.mark.parametrize(("role", "document"), list(documents()))
def test_parliament_finds_nothing(role: Any, document: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from parliament import analyze_policy_string

        found = analyze_policy_string(json.dumps(concrete(document))).findings
    # Its data is older than these actions and condition keys.
    old = {"UNKNOWN_ACTION", "UNKNOWN_CONDITION_FOR_ACTION", "UNKNOWN_PREFIX"}
    real = [each for each in found if each.issue not in old and not is_spread(each)]
    assert [(each.issue, each.detail, each.location) for each in real] == []


def is_spread(finding: Any) -> bool:
    return finding.issue == "RESOURCE_MISMATCH" and all(each["action"] in SEVERAL for each in finding.detail)


@pytest.mark.parametrize(("role", "document"), list(documents()))
def test_cloudsplaining_finds_nothing(role: Any, document: dict[str, Any]) -> None:
    from cloudsplaining.scan.policy_document import PolicyDocument

    found = PolicyDocument(concrete(document))
    assert found.allows_privilege_escalation == []
    assert found.permissions_management_without_constraints == []
    assert set(found.credentials_exposure) <= UNAVOIDABLE
    assert found.service_wildcard == []
    assert found.write_actions_without_constraints == []


@pytest.mark.parametrize("name", NAMES)
def test_a_role_is_assumed_by_exactly_one_kind_of_principal(name: str) -> None:
    for role in root_of(text_of(name), environment=environment_of(name)).roles:
        for statement in plain(role.trust)["Statement"]:
            (kind,) = statement["Principal"]
            assert statement["Principal"][kind] not in {"*", ""}
            # EC2 sends no condition keys; another role of the account is named by its ARN.
            pinned = kind == "AWS" or str(statement["Principal"][kind]).startswith("ec2.")
            assert pinned or statement["Condition"]


def test_removing_a_tool_removes_exactly_its_statements() -> None:
    whole, rest = statements(text_of("seed")), statements(text_of("seed").replace("[mlflow]", "[]"))
    removed = [each for each in whole if each not in rest]
    # Its database was there for it alone.
    assert {role for role, _ in removed} == {"aws-mlops-stack-mlflow", "aws-mlops-stack-rds-monitoring"}
    assert rest == [each for each in whole if each not in removed]
    assert statements(text_of("seed"), without=("mlflow",)) == rest


def statements(text: str, **options: Any) -> list[Any]:
    return [
        (role.name, plain(statement))
        for role in root_of(text, **options).roles
        for document in role.policies.values()
        for statement in document["Statement"]
    ]
