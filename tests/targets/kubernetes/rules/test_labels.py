"""Selectors choose by labels."""

from typing import Any

import pytest

from platinfra.targets.kubernetes.rules.field import Field
from platinfra.targets.kubernetes.rules.labels import contains, selects, write_selector
from platinfra.targets.kubernetes.rules.metadata import is_key, is_value
from platinfra.targets.kubernetes.rules.pods import templates
from platinfra.targets.kubernetes.rules.resource import resources


@pytest.mark.parametrize(
    ("operator", "values", "chosen"),
    [
        ("In", ["a", "b"], ["a"]),
        ("NotIn", ["a"], ["c", None]),
        ("Exists", None, ["a", "c"]),
        ("DoesNotExist", None, [None]),
        ("Is", ["a"], []),
    ],
)
def test_expressions(operator: str, values: Any, chosen: list[str | None]) -> None:
    selector = Field({"matchExpressions": [{"key": "x", "operator": operator, "values": values}]})
    every: list[str | None] = ["a", "c", None]
    assert [each for each in every if selects(selector, {"x": each} if each else {})] == chosen


def test_every_part_of_a_selector_has_to_hold() -> None:
    exists = {"key": "tier", "operator": "Exists"}
    selector = Field({"matchLabels": {"app": "a"}, "matchExpressions": [exists]})
    assert selects(selector, {"app": "a", "tier": "x"})
    assert not selects(selector, {"app": "a"})
    assert not selects(selector, {"tier": "x"})
    assert selects(Field({}), {})


def test_a_plain_selector_is_contained() -> None:
    assert contains(Field({"app": "a"}), {"app": "a", "tier": "x"})
    assert not contains(Field({"app": "a", "tier": "y"}), {"app": "a", "tier": "x"})


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        ({"matchLabels": {"a": "b", "c": "d"}}, "a=b, c=d"),
        ({"a": "b"}, "a=b"),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["b", "c"]}]}, "a In (b, c)"),
        ({}, "everything"),
    ],
)
def test_a_selector_is_written_for_people(selector: dict[str, Any], text: str) -> None:
    assert write_selector(Field(selector)) == text


@pytest.mark.parametrize("key", ["a", "A", "a_b.c-d", "example.com/a", f"{'a' * 253}/b", "a" * 63])
def test_keys(key: str) -> None:
    assert is_key(key)


@pytest.mark.parametrize("key", ["", "-a", "a/", "/a", "a/b/c", "Example.com/a", f"{'a' * 254}/b", "a" * 64, "a\n"])
def test_texts_that_are_no_keys(key: str) -> None:
    assert not is_key(key)


@pytest.mark.parametrize(
    ("value", "valid"), [("", True), ("a" * 63, True), ("a" * 64, False), ("a.", False), (1, False)]
)
def test_values(value: object, valid: bool) -> None:
    assert is_value(value) is valid


def test_containers_that_start_before_the_others_serve_only_as_sidecars() -> None:
    spec = {
        "containers": [{"ports": [{"containerPort": 1}]}],
        "initContainers": [
            {"ports": [{"containerPort": 2, "name": "two"}], "restartPolicy": "Always"},
            {"ports": [{"containerPort": 3}]},
        ],
    }
    (template,) = templates(
        next(resources([{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": spec}]))
    )
    assert [template.has_port(Field(each)) for each in (1, 2, 3, "two", "three")] == [True, True, False, True, False]


@pytest.mark.parametrize("kind", ["Job", "Deployment"])
def test_pods_of_a_job_wear_its_name(kind: str) -> None:
    api = "batch/v1" if kind == "Job" else "apps/v1"
    each = {"apiVersion": api, "kind": kind, "metadata": {"name": "a"}, "spec": {"template": {"spec": {}}}}
    (template,) = templates(next(resources([each])))
    assert ("job-name" in template.labels) is (kind == "Job")
