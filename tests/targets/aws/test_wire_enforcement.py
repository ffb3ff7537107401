"""The wires of whole stacks once more, with real clients: moto enforces the documents that Terraform would apply."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from platinfra.model.graph import Binding
from platinfra.model.template import plain
from platinfra.targets.aws.documents import policy
from platinfra.targets.aws.facts import MAIN
from platinfra.targets.aws.root import root
from tests.moto_server import enforce, moto
from tests.targets.aws.evaluator import Call
from tests.targets.aws.stacks import ACCOUNT
from tests.targets.aws.test_wire_permissions import VALUES, asked_for, not_a_neighbours
from tests.targets.aws.wire_calls import KEY, names_of
from tests.targets.aws.wire_world import NOT_IN_MOTO, Account, World

pytestmark = pytest.mark.live

ELSEWHERE = {"account", "region"}
"""What is in another account or region, no client of this one reaches."""
ANYTHING = {"anything": json.dumps(policy([{"Effect": "Allow", "Action": "*", "Resource": "*"}]))}


@pytest.fixture(params=["seed", pytest.param("fargate-states", marks=pytest.mark.slow)])
def stack(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def world(stack: str) -> Iterator[World]:
    with moto(ACCOUNT) as url:
        yield World(Account(url, VALUES[stack].facts.place.region.name))


def wires(stack: str) -> list[Binding]:
    """Return the wires of components that have a role; what AWS' own services are wired to, they do themselves."""
    held = {each.wire for role in root(VALUES[stack]).roles for each in role.statements}
    return [each for each in VALUES[stack].graph.bindings if f"{each.consumer}.{each.name}" in held]


def wanted(stack: str, binding: Binding) -> tuple[list[Call], list[Call]]:
    """Return the calls that have to succeed and those that must not."""
    values = VALUES[stack]
    own = [each for each in asked_for(binding, values) if each.action not in NOT_IN_MOTO]
    # No client may use the key itself: the condition names the service that does it.
    direct = [each for each in own if each.action.startswith("kms:")]
    others = [call for where, call in not_a_neighbours(binding, values) if where not in ELSEWHERE]
    other = [each for each in others if each.action not in NOT_IN_MOTO]
    if binding.name == "backend":  # another secret of the same consumer is its own, by another wire
        other = [each for each in other if f"/{binding.consumer}/" not in each.resource]
    return [each for each in own if each not in direct], list(dict.fromkeys([*direct, *other]))


def policies(stack: str, binding: Binding, key: str) -> tuple[str, dict[str, str]]:
    """Return name and policies of the role that holds a wire, with the ARN that the key got."""
    values = VALUES[stack]
    requirement = values.tool(values.graph.components[binding.consumer]).requires.get(binding.name)
    key_of_role = requirement.role if requirement else MAIN
    (role,) = (each for each in root(values).roles if (each.component, each.key) == (binding.consumer, key_of_role))
    found = {name: json.dumps(plain(document)) for name, document in role.policies.items()}
    return role.name, {name: text.replace("${module.component_kms.arn}", key) for name, text in found.items()}


def test_wires_are_enforced(stack: str, world: World) -> None:
    found = wires(stack)
    assert len(found) > 3
    for binding in found:
        for call in (call for calls in wanted(stack, binding) for call in calls):
            world.ensure(call)
    key = world.made[VALUES[stack].facts.place.arn("kms", f"key/{KEY}")]["KeyId"]
    roles: dict[str, Account] = {}
    for binding in found:
        name, documents = policies(stack, binding, key)
        roles.setdefault(name, world.role(name, documents) if name not in roles else roles[name])
    everybody = world.role("control", ANYTHING)
    enforce(world.admin.url)
    opened: list[Any] = []
    closed: list[Any] = []
    proven: dict[Call, bool] = {}
    for binding in found:
        who = roles[policies(stack, binding, key)[0]]
        world.runner = names_of(binding, VALUES[stack]).name
        may, must_not = wanted(stack, binding)
        closed += [(binding.consumer, call) for call in may if world.denied(who, call)]
        opened += [(binding.consumer, call) for call in must_not if not world.denied(who, call)]
        for call in must_not:
            if call not in proven:
                proven[call] = not world.denied(everybody, call)
    assert closed == []
    assert opened == []
    # The denials come from the policies: with another one, every call goes through.
    assert [call for call, goes_through in proven.items() if not goes_through] == []
    assert len(proven) > 20
