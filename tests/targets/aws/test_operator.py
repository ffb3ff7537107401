"""Whoever runs `up` and `down` is allowed every call that they make, and nothing of another stack."""

import json
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import platinfra.targets.aws
from platinfra.targets.aws.facts import AwsValues
from platinfra.targets.aws.operator import ADMINISTRATORS, ALWAYS, APPLICATIONS, MAX_CHARACTERS, STATE, data, policies
from platinfra.targets.aws.resources import _RESOURCE
from platinfra.targets.aws.root import root
from tests.targets.aws.evaluator import Call, allowed
from tests.targets.aws.record_calls import RECORDED, record
from tests.targets.aws.stacks import ACCOUNT, NAMES, text_of, values_of
from tests.targets.aws.test_policies import environment_of, matches
from tests.terraform import TERRAFORM

MODULES = Path(platinfra.targets.aws.__file__).parent / "modules"
NOTHING = {"terraform_data"}
"""Types that make no call."""
SMALL = """
name: small
provider: {name: aws, account-id: "210987654321", region: eu-central-1}
deployment: {type: cloud_vm}
stack: {data_versioning: [dvc]}
"""


def documents(text: str, environment: str | None = None) -> dict[str, dict[str, Any]]:
    return policies(values_of(text, environment=environment))


def of_case(name: str) -> dict[str, dict[str, Any]]:
    return documents(text_of(name), environment_of(name))


def statements(name: str) -> Iterator[dict[str, Any]]:
    return (each for document in of_case(name).values() for each in document["Statement"])


@pytest.mark.parametrize("name", NAMES)
def test_every_document_fits_a_managed_policy(name: str) -> None:
    found = of_case(name)
    assert all(len(json.dumps(each, separators=(",", ":"))) <= MAX_CHARACTERS for each in found.values())
    sids = [each["Sid"] for each in statements(name)]
    assert len(sids) == len(set(sids))
    assert len(found) <= 10


def test_every_type_of_every_module_is_known_and_no_other() -> None:
    declared = {
        found
        for path in MODULES.glob("*/*.tf")
        for found in _RESOURCE.findall(path.read_text())
        if found not in NOTHING
    }
    own = {ALWAYS, STATE, APPLICATIONS, ADMINISTRATORS}
    known = {name for each in data()["statements"].values() for name in each["for"]} - own
    assert known == declared
    assert {*data()["passes"], *data()["linked"]} <= declared


@pytest.mark.parametrize("name", NAMES)
def test_every_action_exists_and_takes_the_resources_it_is_given(name: str) -> None:
    warnings.filterwarnings("ignore", category=UserWarning)
    from policy_sentry.querying.actions import get_action_data

    wrong = []
    for statement in statements(name):
        for action in statement["Action"]:
            service, short = action.split(":")
            (known,) = {each["action"]: each for each in get_action_data(service, short)[service]}
            assert known == action
            forms = [each for each in get_action_data(service, short)[service] if ":" in each["resource_arn_format"]]
            if statement["Resource"] == ["*"]:
                fits = not forms
            else:
                fits = any(arn.endswith(":*/*") or matches(arn, forms) for arn in statement["Resource"])
            wrong += [] if fits else [(statement["Sid"], action, [each["resource_arn_format"] for each in forms])]
    assert wrong == []


def test_what_is_wider_than_the_names_of_the_stack_has_a_reason() -> None:
    for sid, each in data()["statements"].items():
        unnamed = [arn for arn in each["resources"] if not {"{prefix}", "{cluster}", "{stack}"} & placeholders(arn)]
        assert not unnamed or each.get("reason") or sid == "DataJobs", (sid, unnamed)
        if each["resources"] == ["*"] and sid != "Preflight" and not sid.endswith("Zones"):
            assert "aws:RequestedRegion" in each["conditions"]["StringEquals"], sid


def placeholders(template: str) -> set[str]:
    return {f"{{{part.partition('}')[0]}}}" for part in template.split("{")[1:]}


def recorded(name: str) -> list[str]:
    lines = (line.split(" ", 1) for line in RECORDED.read_text().splitlines())
    return [line for case, line in lines if case == name]


def context(stack: str, region: str) -> tuple[tuple[str, str], ...]:
    """Return what every call of a stack comes with; which tags a resource has, moto does not tell."""
    tags = {f"aws:{kind}Tag/platinfra:stack": stack for kind in ("Resource", "Request")}
    return tuple({**tags, "aws:RequestedRegion": region}.items())


def denied(found: Mapping[str, Any], lines: list[str], values: AwsValues) -> list[str]:
    """Return the recorded calls that the documents do not allow; where the resource is not known, the action counts."""
    known = context(values.facts.place.stack, values.facts.place.region.name)
    named = {action.lower() for each in found.values() for one in each["Statement"] for action in one["Action"]}
    managed = {values.facts.place.role_arn(role.name): role.managed for role in root(values).roles}
    missing = []
    for line in lines:
        action, arn = line.split(" ", 1)
        # moto was not asked which policies were attached: every one that the stack attaches to the role.
        wanted = managed.get(arn, ()) if action in {"iam:AttachRolePolicy", "iam:DetachRolePolicy"} else ("",)
        calls = [Call(action, arn, (*known, ("iam:PolicyARN", f"arn:aws:iam::aws:policy/{each}"))) for each in wanted]
        fine = action.lower() in named if arn == "*" else calls and all(allowed(found.values(), each) for each in calls)
        missing += [] if fine else [line]
    return missing


@pytest.mark.parametrize("name", ["seed", "cloud-vm", "fargate-states", "sagemaker"])
def test_every_call_that_terraform_made_is_allowed(name: str) -> None:
    lines, values = recorded(name), values_of(text_of(name))
    assert len(lines) > 100
    assert denied(policies(values), lines, values) == []
    # The test would see it: without its documents a stack is allowed nothing.
    assert denied({}, lines, values) == lines


@pytest.mark.live
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(TERRAFORM is None, reason="terraform is not on PATH")
def test_a_small_stack_makes_no_call_that_is_not_allowed() -> None:
    lines = record(SMALL)
    assert len(lines) > 80
    assert denied(documents(SMALL), lines, values_of(SMALL)) == []


HERE = f"us-east-1:{ACCOUNT}"
OTHER = {
    "iam:CreateRole": f"arn:aws:iam::{ACCOUNT}:role/admin",
    "iam:PutRolePolicy": f"arn:aws:iam::{ACCOUNT}:role/aws-mlops-stack2-mlflow",
    "iam:PassRole": f"arn:aws:iam::{ACCOUNT}:role/other-mlflow",
    "iam:CreateUser": f"arn:aws:iam::{ACCOUNT}:user/aws-mlops-stack-x",
    "s3:DeleteBucket": f"arn:aws:s3:::other-s3-{ACCOUNT}",
    "s3:PutObject": f"arn:aws:s3:::platinfra-state-{ACCOUNT}-us-east-1/other/default.tfstate",
    "secretsmanager:GetSecretValue": f"arn:aws:secretsmanager:{HERE}:secret:other/mlflow/backend-AbCdEf",
    "rds:DeleteDBInstance": f"arn:aws:rds:{HERE}:db:other-rds",
    "logs:DeleteLogGroup": f"arn:aws:logs:{HERE}:log-group:/aws/eks/other/cluster",
    "eks:DeleteCluster": f"arn:aws:eks:{HERE}:cluster/other",
    "batch:DeleteJobQueue": f"arn:aws:batch:{HERE}:job-queue/other-aws-batch",
    "sqs:DeleteQueue": f"arn:aws:sqs:{HERE}:other-karpenter",
}


@pytest.mark.parametrize(("action", "arn"), OTHER.items())
def test_nothing_of_another_stack_is_allowed(action: str, arn: str) -> None:
    assert not allowed(of_case("seed").values(), Call(action, arn, context("aws-mlops-stack", "us-east-1")))


@pytest.mark.parametrize(
    ("action", "arn"),
    [
        ("ec2:DeleteVpc", f"arn:aws:ec2:{HERE}:vpc/vpc-1"),
        ("ec2:DeleteSubnet", f"arn:aws:ec2:{HERE}:subnet/subnet-1"),
        ("ec2:DeleteSecurityGroup", f"arn:aws:ec2:{HERE}:security-group/sg-1"),
        ("kms:ScheduleKeyDeletion", f"arn:aws:kms:{HERE}:key/1"),
        ("kms:Decrypt", f"arn:aws:kms:{HERE}:key/1"),
    ],
)
def test_what_has_no_name_is_told_apart_by_its_tag(action: str, arn: str) -> None:
    found = of_case("seed").values()
    assert allowed(found, Call(action, arn, context("aws-mlops-stack", "us-east-1")))
    assert not allowed(found, Call(action, arn, context("other", "us-east-1")))
    assert not allowed(found, Call(action, arn))


def test_a_tag_of_another_stack_is_not_changed() -> None:
    for kind in ("security-group/sg-1", "volume/vol-1", "vpc/vpc-1"):
        arn = f"arn:aws:ec2:eu-central-1:{ACCOUNT}:{kind}"
        hijack = (("aws:ResourceTag/platinfra:stack", "other"), ("aws:RequestTag/platinfra:stack", "small-team"))
        assert not allowed(of_case("cloud-vm").values(), Call("ec2:CreateTags", arn, hijack))
        assert allowed(of_case("cloud-vm").values(), Call("ec2:CreateTags", arn, context("small-team", "eu-central-1")))


@pytest.mark.parametrize(
    ("action", "arn", "key", "right", "wrong"),
    [
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/aws-mlops-stack-aws-batch", "iam:PassedToService",
         "ecs-tasks.amazonaws.com", "lambda.amazonaws.com"),
        ("iam:CreateServiceLinkedRole", f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS",
         "iam:AWSServiceName", "rds.amazonaws.com", "organizations.amazonaws.com"),
        ("iam:AttachRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/aws-mlops-stack-cluster", "iam:PolicyARN",
         "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy", "arn:aws:iam::aws:policy/AdministratorAccess"),
    ],
)  # fmt: skip
def test_roles_are_handed_on_and_filled_only_as_the_stack_needs(
    action: str, arn: str, key: str, right: str, wrong: str
) -> None:
    found = of_case("seed").values()
    assert allowed(found, Call(action, arn, ((key, right),)))
    assert not allowed(found, Call(action, arn, ((key, wrong),)))
    assert not allowed(found, Call(action, arn))


def test_a_boundary_is_kept() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/guest-mlflow"
    boundary = (("iam:PermissionsBoundary", f"arn:aws:iam::{ACCOUNT}:policy/teams"),)
    found = of_case("existing").values()
    assert allowed(found, Call("iam:CreateRole", role, boundary))
    assert not allowed(found, Call("iam:CreateRole", role))


def test_what_exists_already_is_not_made_nor_removed() -> None:
    actions = {action for each in statements("existing") for action in each["Action"]}
    assert not actions & {"ec2:CreateVpc", "ec2:DeleteVpc", "eks:CreateCluster", "kms:CreateKey", "s3:CreateBucket"} - {
        "s3:CreateBucket"  # that of the state
    }
    key = "arn:aws:kms:eu-central-1:210987654321:key/11111111-2222-3333-4444-555555555555"
    use = next(each for each in statements("existing") if each["Sid"] == "KeyUse")
    assert use["Resource"] == [key]
    assert "Condition" not in use


def test_a_state_in_the_folder_needs_no_bucket() -> None:
    local = text_of("cloud-vm").replace("{type: cloud_vm,", "{type: cloud_vm, state: local,")
    sids = {each["Sid"] for document in documents(local).values() for each in document["Statement"]}
    assert not sids & {"State", "StateBucket"}
    assert {"State", "StateBucket"} < {each["Sid"] for each in statements("cloud-vm")}
