"""A dashboard of every component with metrics, where somebody shows dashboards."""

import json
import re

from platinfra.targets.kubernetes.bundle import Bundle
from tests.kubernetes.stacks import EVERYTHING, MODELS, TRACKING, bundle, objects
from tests.stacks import CATALOG

WATCHED = TRACKING.replace("[evidently, prometheus]", "[evidently, prometheus, grafana]")


def dashboards(made: Bundle) -> dict[str, dict]:
    return {
        name: json.loads(text)
        for each in objects(made, "ConfigMap").values()
        if each["metadata"]["labels"].get("grafana_dashboard") == "1"
        for name, text in each["data"].items()
    }


def test_each_component_that_prometheus_asks_has_one() -> None:
    made = bundle(EVERYTHING)
    monitored = {each["metadata"]["name"] for each in made.objects if each["kind"] == "PodMonitor"}
    assert len(monitored) >= 8
    assert {name.removesuffix(".json") for name in dashboards(made)} == monitored


def test_it_shows_what_the_tool_names_and_only_its_own_series() -> None:
    found = dashboards(bundle(WATCHED))["mlflow.json"]
    panels = {each["title"]: each["targets"][0]["expr"] for each in found["panels"]}
    assert {"Up", "Memory", "Processor", "Requests", "Slowest twentieth"} == set(panels)
    assert all('{namespace="churn", job="churn/mlflow"}' in query for query in panels.values())
    places = [(each["gridPos"]["x"], each["gridPos"]["y"]) for each in found["panels"]]
    assert len(places) == len(set(places))
    assert found["panels"][3]["fieldConfig"]["defaults"]["unit"] == "reqps"


def test_without_anybody_who_shows_them_there_are_none() -> None:
    assert dashboards(bundle(TRACKING)) == {}
    assert dashboards(bundle(MODELS)) == {}


def test_they_go_with_whoever_shows_them() -> None:
    made = bundle(WATCHED)
    (step,) = (
        each for each in made.steps if any(one["metadata"]["name"] == "mlflow-dashboard" for one in each.objects)
    )
    assert step.component == "grafana"


def test_every_query_of_the_catalog_selects_the_component_and_is_balanced() -> None:
    queries = [
        panel.query for tool in CATALOG.tools() for each in tool.endpoints.values() for panel in each.panels.values()
    ]
    assert len(queries) >= 20
    for query in queries:
        assert re.search(r"[a-z_]+\{\$self\}", query), query
        assert all(query.count(a) == query.count(b) for a, b in ("()", "{}", "[]")), query
