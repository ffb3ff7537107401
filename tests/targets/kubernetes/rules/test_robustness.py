"""Whatever a chart renders, the rules answer; and no rule goes untested."""

import ast
import sys
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.targets.kubernetes.rules.good import KNOWN, OBJECTS, keys
from tests.targets.kubernetes.rules.hygiene import careless
from tests.targets.kubernetes.rules.test_check import VALUES

from platinfra.targets.kubernetes import rules
from platinfra.targets.kubernetes.rules import Problem, check
from platinfra.targets.kubernetes.rules.pod_security import restricted_objects
from platinfra.targets.kubernetes.rules.report import diagnostics

STRANGE = st.sampled_from(
    [None, True, 0, -1, 1.5, "", "x", "*", [], [None], ["x"], [[]], {}, {"x": None}, {"": {}}, [{}], {1: 2}]
)


def damaged(value: Any, way: list[int], strange: Any) -> Any:
    """Return a copy of a value in which one part, which the numbers lead to, is something strange."""
    if not way or not isinstance(value, list | dict) or not value:
        return strange
    names = list(value) if isinstance(value, dict) else list(range(len(value)))
    chosen = names[way[0] % len(names)]
    inner = damaged(value[chosen], way[1:], strange)
    if isinstance(value, dict):
        return {**value, chosen: inner}
    return [inner if index == chosen else each for index, each in enumerate(value)]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(OBJECTS) - 1), st.lists(st.integers(0, 30), max_size=9), STRANGE)
def test_damaged_objects_are_answered_and_never_crash(index: int, way: list[int], strange: Any) -> None:
    damage = damaged(OBJECTS[index], way, strange)
    objects = [damage if number == index else each for number, each in enumerate(OBJECTS)]
    for each in [*check(objects, known=KNOWN), *restricted_objects(objects), *careless(objects, known=KNOWN)]:
        assert each.message
        assert each.hint


def test_every_rule_is_broken_by_a_test() -> None:
    folder = Path(rules.__file__).parent
    calls = [
        node
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    ]
    names = {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "problem"
        and isinstance(call.args[0], ast.Constant)
    }
    elsewhere = {"incomplete-object", "duplicate-object", "duplicate-scaler", "missing-reference-grant"}
    assert len(names) > 30
    assert names - {rule.partition(" at ")[0] for *_, rule in VALUES} == elsewhere


def test_rules_need_the_standard_library_alone_until_something_is_written() -> None:
    allowed = {*sys.stdlib_module_names, "platinfra"}
    for path in Path(rules.__file__).parent.glob("*.py"):
        for node in ast.parse(path.read_text()).body:
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.partition(".")[0] for name in names} <= allowed, path.name


def test_a_problem_is_told_by_its_family() -> None:
    slugs = {
        "host-path": "object-insecure",
        "missing-secret": "object-dangling",
        "no-matching-pod": "object-dangling",
        "missing-namespace": "object-refused",
        "invalid-name": "object-refused",
    }
    problems = [Problem(rule, "Pod ml/a", "spec", "it is wrong", "mend it") for rule in slugs]
    found = diagnostics(problems)
    assert [each.code for each in found] == list(slugs.values())
    assert found[0].message == "Pod ml/a, spec: it is wrong"
    assert found[0].details == ("rule: host-path",)


def test_paths_are_written_so_that_people_find_the_place() -> None:
    assert keys('metadata.labels["a.b/c"].x[0]') == ["metadata", "labels", "a.b/c", "x", 0]
