"""Values of charts that the file overrides: they count, and what a chart would ignore is told with its place."""

import json
from pathlib import Path

import pytest

from platinfra.diagnostics import Diagnostic
from platinfra.drivers import helm
from platinfra.targets.kubernetes.bundle import merge_values
from platinfra.targets.kubernetes.verbs.overrides import find_ignored
from platinfra.targets.kubernetes.verbs.session import render_charts, rendering
from platinfra.targets.kubernetes.verbs.stack import bundle_of
from tests.conftest import Command
from tests.kubernetes.stacks import TRACKING, bundle
from tests.stacks import resolved

FIXTURES = Path(__file__).parents[2] / "kubernetes" / "fixtures"


def stack(values: dict) -> str:
    return f"{TRACKING}deployment:\n  charts: {FIXTURES}\n  values: {json.dumps(values)}\n"


def found(values: dict) -> list[Diagnostic]:
    """Return what the charts would ignore."""
    one = resolved(stack(values))
    made, charts = bundle_of(one), helm.find()
    objects = render_charts(made, charts, made.place.version, frozenset())
    become = rendering(made, charts, made.place.version, frozenset())
    return list(find_ignored(made, one.overrides, objects, charts, become))


def test_a_value_of_the_file_wins_and_its_neighbours_stay() -> None:
    text = stack({"mlflow": {"replicaCount": 7, "resources": {"limits": {"memory": "3Gi"}}}})
    (release,) = (each for each in bundle(text).releases if each.name == "mlflow")
    assert release.values["replicaCount"] == 7
    assert release.values["resources"]["limits"] == {"memory": "3Gi"}
    assert release.values["resources"]["requests"] == {"cpu": "250m", "memory": "1Gi"}
    assert found({"mlflow": {"replicaCount": 7}}) == []


def test_lists_are_taken_as_a_whole() -> None:
    assert merge_values({"a": [1, 2], "b": {"c": 1}}, {"a": [3], "b": {"d": 2}}) == {"a": [3], "b": {"c": 1, "d": 2}}


def test_what_the_chart_does_not_know_is_told_with_its_place_and_a_near_name() -> None:
    (one,) = found({"mlflow": {"replicaCont": 2}})
    assert one.code == "value-ignored"
    assert "`replicaCont`" in one.message
    assert "replicaCount" in str(one.hint)
    assert one.span
    assert one.span.line == stack({}).count("\n")


def test_a_key_that_no_default_names_and_a_template_reads_is_known() -> None:
    assert found({"mlflow": {"spareAnnotation": "x"}}) == []
    assert [each.code for each in found({"mlflow": {"spareAnnotations": "x"}})] == ["value-ignored"]


@pytest.mark.parametrize(
    ("values", "slug"),
    [({"mlfow": {"a": 1}}, "unknown-component"), ({"evidently": {"a": 1}}, "no-chart")],
)
def test_overrides_of_what_has_no_chart_are_told(values: dict, slug: str, platinfra: Command, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text(stack(values))
    ended = platinfra("validate")
    assert ended.code == 2
    assert f"error[{slug}]" in ended.err
    assert f"platinfra.yaml:{stack({}).count(chr(10))}:" in ended.err


def test_another_spelling_names_the_same_component() -> None:
    text = stack({"MLflow": {"replicaCount": 7}})
    (release,) = (each for each in bundle(text).releases if each.name == "mlflow")
    assert release.values["replicaCount"] == 7
