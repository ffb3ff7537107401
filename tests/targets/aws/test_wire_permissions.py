"""A wire allows what it is for and nothing of a neighbour's; roles are assumed by whom they are for."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from platinfra.model.graph import Binding
from platinfra.model.template import plain
from platinfra.targets.aws import documents
from platinfra.targets.aws.facts import AwsValues
from platinfra.targets.aws.root import root
from platinfra.targets.aws.statements import Statement, statements_of, statements_of_wire
from tests.targets.aws.evaluator import Call, allowed, may_assume
from tests.targets.aws.stacks import ACCOUNT, CATALOG, NAMES, text_of, values_of
from tests.targets.aws.wire_calls import CALLS, KEY, Names, names_of, neighbours

EKS = """
name: pods
provider: {name: aws, account-id: "210987654321", region: eu-central-1}
stack: {experiment_tracker: [mlflow], orchestrator: [aws-eks], alerting: [cloudwatch]}
"""
STACKS = {name: (text_of(name), "production" if name == "production" else None) for name in NAMES} | {
    "pods": (EKS, None)
}
VALUES: Mapping[str, AwsValues] = {name: values_of(text, environment=where) for name, (text, where) in STACKS.items()}


def concrete(document: Any, values: AwsValues) -> Any:
    """Put examples where AWS chooses an id."""
    key = values.facts.place.arn("kms", f"key/{KEY}")
    text = json.dumps(plain(document)).replace("${module.component_kms.arn}", key)
    text = re.sub(r"\$\{module\.network\.vpc_id\}", "vpc-0a1b2c3d4e5f60718", text)
    text = re.sub(
        r"\$\{module\.role_machine\.role_arn\}", values.facts.place.role_arn(values.facts.place.name("machine")), text
    )
    text = re.sub(r"\$\{module\.component_rds\.master_secret_arn\}", "arn:aws:secretsmanager:::secret:rds!db-1", text)
    assert "${module." not in text
    return json.loads(text)


def policy_of(statements: list[Statement], values: AwsValues) -> list[Any]:
    return [concrete(documents.policy(each.document() for each in statements), values)]


def grants(tool: str) -> Mapping[str, Mapping[str, list[Any]]]:
    recipe = CATALOG.get(tool).run.aws
    return recipe.grants if recipe else {}


def is_enforced(binding: Binding, values: AwsValues) -> bool:
    tool = values.graph.components[binding.provider].tool
    return any(grants(tool).get(binding.capability, {}).get(verb) for verb in binding.access)


def wires() -> Iterator[Any]:
    """Yield the wires of all stacks whose access IAM limits."""
    for name, values in VALUES.items():
        for binding in values.graph.bindings:
            if is_enforced(binding, values):
                yield pytest.param(name, binding, id=f"{name}-{binding.consumer}.{binding.name}")


def possible_wires() -> Iterator[Any]:
    """Yield a wire for everything that a component of a stack could be asked for, whether somebody does or not."""
    for name, values in VALUES.items():
        for component in values.graph.components.values():
            for capability, verbs in grants(component.tool).items():
                binding = Binding("mlflow", "backend", component.name, capability, tuple(verbs), "a test")
                yield pytest.param(name, binding, id=f"{name}-{component.name}-{capability}")


def calls_of(binding: Binding, values: AwsValues, names: Names) -> Mapping[str, list[Call]]:
    return CALLS[values.graph.components[binding.provider].tool, binding.capability](names)


def asked_for(binding: Binding, values: AwsValues, names: Names | None = None) -> list[Call]:
    """Return the calls that the verbs of a wire are for."""
    of_verbs = calls_of(binding, values, names or names_of(binding, values))
    return [call for verb in binding.access for call in of_verbs.get(verb, [])]


def not_a_neighbours(binding: Binding, values: AwsValues) -> Iterator[tuple[str, Call]]:
    """Yield what the same verbs would be for elsewhere."""
    names = names_of(binding, values)
    own = set(asked_for(binding, values, names))
    for where, other in neighbours(names):
        yield from ((where, call) for call in asked_for(binding, values, other) if call not in own)


@pytest.mark.parametrize(("stack", "binding"), [*wires(), *possible_wires()])
def test_a_wire_allows_what_it_is_for(stack: str, binding: Binding) -> None:
    values = VALUES[stack]
    for verb in binding.access:
        policy = policy_of(list(statements_of_wire(replace(binding, access=(verb,)), values)), values)
        denied = [each for each in asked_for(replace(binding, access=(verb,)), values) if not allowed(policy, each)]
        assert denied == []


@pytest.mark.parametrize(("stack", "binding"), [*wires(), *possible_wires()])
def test_a_wire_allows_nothing_of_a_neighbour(stack: str, binding: Binding) -> None:
    values = VALUES[stack]
    policy = policy_of(list(statements_of_wire(binding, values)), values)
    elsewhere = list(not_a_neighbours(binding, values))
    assert [(where, each) for where, each in elsewhere if allowed(policy, each)] == []
    # Every call that can be limited to something was tried on something else.
    scoped = {each.action for each in asked_for(binding, values) if each.resource != "*"}
    assert {each.action for _, each in elsewhere} >= scoped


@pytest.mark.parametrize(("stack", "binding"), [*wires()])
def test_no_other_wire_of_the_role_opens_a_neighbour(stack: str, binding: Binding) -> None:
    values = VALUES[stack]
    component = values.graph.components[binding.consumer]
    policy = policy_of([each for each in statements_of(component, values) if each.wire], values)
    # Another requirement of the same consumer is its own.
    found = [(where, each) for where, each in not_a_neighbours(binding, values) if where != "requirement"]
    assert [(where, each) for where, each in found if allowed(policy, each)] == []


@pytest.mark.parametrize(("stack", "binding"), [*wires(), *possible_wires()])
def test_a_wire_allows_no_verb_that_it_does_not_ask_for(stack: str, binding: Binding) -> None:
    values = VALUES[stack]
    for verb in binding.access:
        policy = policy_of(list(statements_of_wire(replace(binding, access=(verb,)), values)), values)
        own = set(asked_for(replace(binding, access=(verb,)), values))
        others = {call for found in calls_of(binding, values, names_of(binding, values)).values() for call in found}
        assert [each for each in others - own if allowed(policy, each)] == []


@pytest.mark.parametrize(("stack", "binding"), [*wires(), *possible_wires()])
def test_conditions_are_not_met_by_leaving_them_out(stack: str, binding: Binding) -> None:
    values = VALUES[stack]
    policy = policy_of(list(statements_of_wire(binding, values)), values)
    for call in asked_for(binding, values):
        if call.context:
            assert not allowed(policy, replace(call, context=()))
            assert not allowed(policy, replace(call, context=tuple((key, "other") for key, _ in call.context)))


def test_every_grant_of_the_catalog_has_calls_for_each_of_its_actions() -> None:
    wanted, found = {}, {}
    for tool in CATALOG.tools():
        for capability, verbs in grants(tool.name).items():
            for verb, templates in verbs.items():
                if templates:
                    wanted[tool.name, capability, verb] = {each for one in templates for each in one.actions}
    example = names_of(VALUES["seed"].graph.bindings[0], VALUES["seed"])
    for (tool, capability), of in CALLS.items():
        for verb, calls in of(example).items():
            found[tool, capability, verb] = {each.action for each in calls}
    assert found == wanted


def test_every_grant_of_the_catalog_is_in_a_stack() -> None:
    tried = {
        (VALUES[stack].graph.components[binding.provider].tool, binding.capability)
        for stack, binding in (each.values for each in possible_wires())
    }
    assert tried == set(CALLS)


def roles_of(stack: str) -> Iterator[Any]:
    return iter(root(VALUES[stack]).roles)


def elsewhere(who: Mapping[str, str], context: Mapping[str, str], close: Mapping[str, list[str]]) -> Iterator[Any]:
    """Yield principals and requests that differ in one thing, or lack it."""
    for key, values in close.items():
        for each in values:
            yield who, {**context, key: each}
        yield who, {name: value for name, value in context.items() if name != key}
    for kind in ("AWS", "Service", "Federated"):
        yield {kind: "arn:aws:iam::210987654321:role/other"}, context
        yield {kind: "lambda.amazonaws.com"}, context


def requests(context: Mapping[str, str], action: str) -> Call:
    return Call(action, context=tuple(context.items()))


def pod(values: AwsValues, namespace: str, account: str) -> dict[str, str]:
    return {
        "aws:SourceAccount": ACCOUNT,
        "aws:SourceArn": values.facts.place.arn("eks", f"cluster/{values.facts.place.cluster_name}"),
        "aws:RequestTag/kubernetes-namespace": namespace,
        "aws:RequestTag/kubernetes-service-account": account,
    }


def service_of(role: Any) -> str | None:
    (statement,) = role.trust["Statement"]
    found = statement["Principal"].get("Service")
    return str(found) if found else None


def who_assumes() -> Iterator[Any]:
    """Yield each role with its one principal, the request it makes, and requests that are close to that."""
    for stack, values in VALUES.items():
        for role in roles_of(stack):
            yield pytest.param(stack, role, *expected(role, values), id=f"{stack}-{role.name}")


def expected(role: Any, values: AwsValues) -> tuple[Mapping[str, str], str, dict[str, str], dict[str, list[str]]]:
    """Return principal, action, request and close misses; from what the role is for, not from its trust policy."""
    place, service = values.facts.place, service_of(role)
    component = values.graph.components.get(role.component)
    if role.component == "users":
        (person, *_) = (user.name for user in place.users if user.role == role.key)
        other = next(user.name for user in place.users if user.role != role.key)
        assert place.deployment.sign_in is not None
        who = {"Federated": place.deployment.sign_in.provider}
        context = {"SAML:aud": "https://signin.aws.amazon.com/saml", "SAML:sub": person}
        return (
            who,
            "sts:AssumeRoleWithSAML",
            context,
            {"SAML:sub": [other, f"x{person}"], "SAML:aud": ["https://x.org"]},
        )
    if service == "pods.eks.amazonaws.com":
        system = {
            "cluster-disks": ("kube-system", "ebs-csi-controller-sa"),
            "cluster-network": ("kube-system", "aws-node"),
            "cluster-karpenter": ("kube-system", "karpenter"),
            "cluster-autoscaler": ("kube-system", "cluster-autoscaler"),
            "cluster-files": ("kube-system", "efs-csi-controller-sa"),
            "cluster-balancers": ("kube-system", "aws-load-balancer-controller"),
            "cluster-records": ("external-dns", "external-dns"),
            "cluster-certificates": ("cert-manager", "cert-manager"),
        }
        own = (place.namespace, role.component)
        namespace, account = next((where for end, where in system.items() if role.name.endswith(end)), own)
        context = pod(values, namespace, account)
        return (
            {"Service": service},
            "sts:AssumeRole",
            context,
            {
                "aws:SourceAccount": ["999999999999"],
                "aws:SourceArn": [context["aws:SourceArn"] + "2"],
                "aws:RequestTag/kubernetes-namespace": ["default", f"{namespace}2"],
                "aws:RequestTag/kubernetes-service-account": ["default", f"{account}2"],
            },
        )
    if component and service is None:
        return {"AWS": place.role_arn(place.name("machine"))}, "sts:AssumeRole", {}, {}
    return by_service(role, values)


SOURCES = {
    "vpc-flow-logs.amazonaws.com": ("ec2", "vpc-flow-log/fl-0123", "instance/i-0123"),
    "monitoring.rds.amazonaws.com": ("rds", "db:{name}", "db:{name}2"),
    "states.amazonaws.com": ("states", "stateMachine:{name}", "stateMachine:{name}2"),
    "ecs-tasks.amazonaws.com": ("ecs", "task/{name}/0123", None),
    "sagemaker.amazonaws.com": ("sagemaker", "training-job/{name}-1", None),
    "glue.amazonaws.com": ("glue", "job/{name}", None),
}
"""Service of AWS → service, the source it names, and one it must not name."""


def by_service(role: Any, values: AwsValues) -> tuple[Mapping[str, str], str, dict[str, str], dict[str, list[str]]]:
    service, place = str(service_of(role)), values.facts.place
    if service.startswith("ec2."):  # names no source
        return {"Service": service}, "sts:AssumeRole", {}, {}
    context, close = {"aws:SourceAccount": ACCOUNT}, {"aws:SourceAccount": ["999999999999"]}
    if service != "eks.amazonaws.com":
        of, source, miss = SOURCES[service]
        name = place.name(role.component)
        context["aws:SourceArn"] = found = place.arn(of, source.format(name=name))
        misses = [found.replace(ACCOUNT, "999999999999"), found.replace(place.region.name, "ap-south-2")]
        close["aws:SourceArn"] = misses + ([place.arn(of, miss.format(name=name))] if miss else [])
    return {"Service": service}, "sts:AssumeRole", context, close


@pytest.mark.parametrize(("stack", "role", "who", "action", "context", "close"), [*who_assumes()])
def test_a_role_is_assumed_by_whom_it_is_for(
    stack: str, role: Any, who: Any, action: str, context: dict[str, str], close: dict[str, list[str]]
) -> None:
    trust = concrete(role.trust, VALUES[stack])
    assert may_assume(trust, who, requests(context, action))
    for other, found in elsewhere(who, context, close):
        assert not may_assume(trust, other, requests(found, action)), (other, found)
    for wrong in {"sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"} - {action}:
        assert not may_assume(trust, who, requests(context, wrong))


def test_people_sign_in_through_openid_connect_with_their_own_name() -> None:
    place, issuer = VALUES["seed"].facts.place, "login.example.org/tenant"
    who = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"}
    trust = documents.federated_trust(place, who["Federated"], "platinfra", ["ada", "grace"])
    context = {f"{issuer}:aud": "platinfra", f"{issuer}:sub": "grace"}
    action = "sts:AssumeRoleWithWebIdentity"
    assert may_assume(trust, who, requests(context, action))
    assert not may_assume(trust, who, requests(context, "sts:AssumeRole"))
    close = {f"{issuer}:aud": ["other", ""], f"{issuer}:sub": ["alan", "Grace", "*"]}
    for other, found in elsewhere(who, context, close):
        assert not may_assume(trust, other, requests(found, action)), (other, found)


def users_policy(role: str) -> list[Any]:
    (found,) = (each for each in roles_of("production") if each.component == "users" and each.key == role)
    return [concrete(document, VALUES["production"]) for document in found.policies.values()]


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("admin", {"GetObject", "PutObject", "DeleteObject", "ListBucket"}),
        ("ml_engineer", {"GetObject", "PutObject", "DeleteObject", "ListBucket"}),
        ("data_scientist", {"GetObject", "PutObject", "ListBucket"}),
        ("auditor", {"ListBucket"}),
    ],
)
def test_what_people_may_do_to_the_data(role: str, may: set[str]) -> None:
    values, policy = VALUES["production"], users_policy(role)
    (store,) = (each for each in values.graph.bindings if each.consumer == "mlflow" and each.name == "artifacts")
    calls = [call for found in calls_of(store, values, names_of(store, values)).values() for call in found]
    interesting = {"GetObject", "PutObject", "DeleteObject", "ListBucket"}
    allowed_actions = {call.action.partition(":")[2] for call in calls if allowed(policy, call)}
    assert allowed_actions & interesting == may
    elsewhere = [call for where, call in not_a_neighbours(store, values)]
    assert [call for call in elsewhere if allowed(policy, call)] == []


@pytest.mark.parametrize("role", ["admin", "ml_engineer", "data_scientist", "auditor"])
def test_no_person_reads_a_secret_or_uses_the_key_directly(role: str) -> None:
    values, policy = VALUES["production"], users_policy(role)
    for binding in values.graph.bindings:
        if binding.capability in {"sql_database", "secret_store", "encryption_key"}:
            wide = replace(binding, access=tuple(calls_of(binding, values, names_of(binding, values))))
            assert [each for each in asked_for(wide, values) if allowed(policy, each)] == []
