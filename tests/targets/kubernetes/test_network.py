"""Nobody talks to anybody, but along the wires: the generated policies are evaluated over all pairs of components."""

from collections.abc import Iterator

import pytest

from platinfra.model.template import plain
from platinfra.targets.kubernetes.bundle import Bundle
from platinfra.targets.kubernetes.network import ANYWHERE, code_labels, openings, openings_of_code, selectors
from tests.kubernetes.reach import Pod, Port, Reach
from tests.kubernetes.stacks import EVERYTHING, SEED, TRACKING, bundle

STACKS = {"tracking": TRACKING, "seed": SEED, "everything": EVERYTHING}


def pods(made: Bundle) -> Iterator[tuple[str, Pod]]:
    """Yield a pod of each sort that a component has, listening on all its endpoints."""
    values = made.values
    for component in values.graph.components.values():
        ports = {values.facts.location(component, name)[2] for name in values.tool(component).endpoints}
        listens = tuple(Port(number=port, name=f"p{port}") for port in sorted({*ports, 22, 8080}))
        for number, labels in enumerate(selectors(component, values)):
            yield component.name, Pod(made.place.namespace, f"{component.name}-{number}", labels, listens)
        for labels in code_labels(component, values):
            yield component.name, Pod(made.place.namespace, f"{component.name}-code", labels, listens)


def reached(made: Bundle, objects: list[dict]) -> set[tuple[str, str, int]]:
    owners = {pod.name: owner for owner, pod in pods(made)}
    policies = [each for each in objects if each["kind"] in {"NetworkPolicy", "Namespace"}]
    reach = Reach(policies, [pod for _, pod in pods(made)])
    found = ((owners[a.name], owners[b.name], port.number) for a, b, port in reach.open_pairs())
    return {each for each in found if each[0] != each[1]}


def wired(made: Bundle) -> set[tuple[str, str, int]]:
    values = made.values
    return {
        (each.consumer, each.provider, values.facts.location(values.graph.components[each.provider], name)[2])
        for each in values.graph.bindings
        if selectors(values.graph.components[each.consumer], values)
        and selectors(values.graph.components[each.provider], values)
        for name in values.facts.endpoints_of(each)
    }


@pytest.mark.parametrize("name", STACKS)
def test_components_reach_each_other_exactly_along_their_wires(name: str) -> None:
    made = bundle(STACKS[name])
    assert reached(made, [plain(each) for each in made.objects]) == wired(made)


def test_the_evaluation_sees_a_policy_that_is_too_wide() -> None:
    made = bundle(TRACKING)
    objects = [plain(each) for each in made.objects]
    for each in objects:
        if each["kind"] == "NetworkPolicy" and each["metadata"]["name"] == "evidently":
            each["spec"] = {**each["spec"], "ingress": [{}]}
        if each["kind"] == "NetworkPolicy" and each["metadata"]["name"] == "mlflow":
            each["spec"] = {**each["spec"], "egress": [{}]}
    assert ("mlflow", "evidently", 8000) in reached(made, objects) - wired(made)


@pytest.mark.parametrize("name", STACKS)
def test_only_what_has_a_reason_reaches_the_world_and_nobody_the_metadata(name: str) -> None:
    made = bundle(STACKS[name])
    values = made.values
    found = [(owner, pod) for owner, pod in pods(made)]
    reach = Reach([plain(each) for each in made.objects if each["kind"] == "NetworkPolicy"], [pod for _, pod in found])
    for owner, pod in found:
        component = values.graph.components[owner]
        reasons = list((openings_of_code if pod.name.endswith("-code") else openings)(component, values))
        assert all(each.reason for each in reasons)
        allowed = {port for each in reasons if each.to == ANYWHERE for port in each.ports}
        for port in (22, 80, 443, 5432, 6443, 8080):
            assert reach.reaches_world(pod, "93.184.216.34", port) == (port in allowed), (owner, port)
            assert not reach.reaches_world(pod, "169.254.169.254", port)
        assert not reach.reached_from_world(pod, "93.184.216.34", 443)


def test_pods_with_a_role_of_the_cloud_reach_the_agent_that_hands_it_out() -> None:
    made = bundle(SEED)
    policy = next(
        each for each in made.objects if each["kind"] == "NetworkPolicy" and each["metadata"]["name"] == "mlflow"
    )
    blocks = [peer["ipBlock"]["cidr"] for rule in policy["spec"]["egress"] for peer in rule["to"] if "ipBlock" in peer]
    assert "169.254.170.23/32" in blocks
