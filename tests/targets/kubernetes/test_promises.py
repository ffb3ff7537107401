"""A chart that does not do what the graph asked for is found out, with the value that it ignored."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from platinfra.drivers import helm
from platinfra.targets.kubernetes.promises import find_broken
from platinfra.targets.kubernetes.verbs.session import render_charts
from tests.kubernetes.stacks import TRACKING, bundle

FIXTURES = Path(__file__).parents[2] / "kubernetes" / "fixtures"
MADE = bundle(TRACKING + f"deployment: {{charts: {json.dumps(str(FIXTURES))}}}\n")
Change = Callable[[list[dict[str, Any]]], object]


def told(change: Change = lambda _: None) -> list[str]:
    """Return what is said when the chart of MLflow does something else."""
    found = {key: list(each) for key, each in render_charts(MADE, helm.find(), "1.34.0", frozenset()).items()}
    change(found["release:mlflow"])
    return [each.message for each in find_broken(MADE, found)]


def pod(objects: list[dict[str, Any]]) -> dict[str, Any]:
    return next(each for each in objects if each["kind"] == "Deployment")["spec"]["template"]


def without_secret(objects: list[dict[str, Any]]) -> None:
    container = pod(objects)["spec"]["containers"][0]
    container["env"] = [each for each in container["env"] if "valueFrom" not in each]


def other_port(objects: list[dict[str, Any]]) -> None:
    next(each for each in objects if each["kind"] == "Service")["spec"]["ports"][0]["port"] = 80


def test_a_chart_that_does_what_was_asked_breaks_nothing() -> None:
    assert told() == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda objects: pod(objects)["metadata"]["labels"].clear(), "have none of the labels"),
        (
            without_secret,
            "nothing reads the Secret `mlflow-backend` (value `backendStore.existingDatabaseSecret.name`)",
        ),
        (other_port, "should have its endpoint `http` at mlflow:5000"),
        (lambda objects: objects.clear(), "renders to nothing"),
    ],
    ids=["labels", "secret", "service", "nothing"],
)
def test_a_broken_promise_names_the_chart_and_the_value(change: Change, words: str) -> None:
    assert any(words in each for each in told(change)), told(change)
