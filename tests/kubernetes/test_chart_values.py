"""Values of charts: each one that the catalog sets is one that its chart knows."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from platinfra.catalog.catalog import Catalog
from platinfra.model.template import plain
from platinfra.targets.kubernetes.bundle import Release
from tests.kubernetes.record_chart_keys import FOLDER, SOURCES, Chart, charts, leaves, type_of, written

REAL_CHARTS = Path(__file__).parents[3] / "shared" / "charts"
CATALOG = Catalog()
USED = charts(CATALOG)
HERE = sorted(name for name in USED if (REAL_CHARTS / name / "values.yaml").is_file())
WITH_SCHEMA = [name for name in HERE if (REAL_CHARTS / name / "values.schema.json").is_file()]
ACCEPTED = {"number": {"integer", "number"}}
"""JSON type to those that it takes as well."""


@cache
def recorded(name: str) -> Mapping[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text())


@cache
def chart(name: str) -> Chart:
    return Chart.at(REAL_CHARTS / name)


def values(release: Release) -> Any:
    return plain(release.values)


def merged(under: Any, over: Any) -> Any:
    """Return values as Helm merges them: an explicit null removes a default."""
    if not isinstance(under, Mapping) or not isinstance(over, Mapping):
        return over
    both = {
        key: merged(under[key], over[key]) if key in under and key in over else over.get(key, under.get(key))
        for key in {**under, **over}
    }
    return {key: each for key, each in both.items() if key not in over or each is not None}


def test_every_chart_of_the_catalog_is_recorded_and_no_other() -> None:
    assert {each.stem for each in FOLDER.glob("*.json")} == USED.keys()


@pytest.mark.parametrize("name", sorted(USED))
def test_a_chart_has_one_version_and_it_is_the_recorded_one(name: str) -> None:
    assert {each.version for each in USED[name]} == {recorded(name)["version"]}


@pytest.mark.parametrize("name", sorted(USED))
def test_every_value_that_is_set_is_recorded_and_no_other(name: str) -> None:
    found = {written(pointer) for each in USED[name] for pointer, _ in leaves(values(each))}
    assert found == recorded(name)["keys"].keys()


@pytest.mark.parametrize("name", sorted(USED))
def test_every_value_has_the_type_that_its_chart_wants(name: str) -> None:
    keys = recorded(name)["keys"]
    for release in USED[name]:
        for pointer, value in leaves(values(release)):
            wanted = keys[written(pointer)]["types"]
            assert type_of(value) in {kind for each in wanted for kind in ACCEPTED.get(each, {each})}, pointer


@pytest.mark.parametrize("name", HERE)
def test_every_value_is_in_the_schema_or_the_defaults_of_its_chart(name: str) -> None:
    keys = recorded(name)["keys"]
    for release in USED[name]:
        for pointer, _ in leaves(values(release)):
            by_template = keys[written(pointer)]["read"].startswith("template")
            assert by_template or chart(name).where(pointer), written(pointer)


@pytest.mark.parametrize("name", WITH_SCHEMA)
def test_the_schema_of_a_chart_accepts_what_is_set(name: str) -> None:
    schema = chart(name).schema
    check = Draft7Validator(schema)
    for release in USED[name]:
        problems = [error.message for error in check.iter_errors(merged(chart(name).values, values(release)))]
        assert not problems


@pytest.mark.parametrize("name", HERE)
def test_a_chart_that_was_read_elsewhere_says_so(name: str) -> None:
    packaged = chart(name).version.removeprefix("v") == recorded(name)["version"].removeprefix("v")
    assert packaged or name in SOURCES


@pytest.mark.finding("K3")
def test_no_part_of_flyte_starts_that_nobody_asked_for() -> None:
    assert all(values(each)["flyteconnector"] == {"enabled": False} for each in USED["flyte-binary"])


@pytest.mark.finding("K3")
@pytest.mark.parametrize("name", HERE)
def test_the_catalog_decides_about_every_part_that_a_chart_leaves_open(name: str) -> None:
    parts = yaml.safe_load((REAL_CHARTS / name / "Chart.yaml").read_text()).get("dependencies", [])
    for switch in {each["condition"].split(",")[0].strip() for each in parts if each.get("condition")}:
        for release in USED[name]:
            decided = merged(chart(name).values, values(release))
            for key in switch.split("."):
                decided = decided.get(key) if isinstance(decided, Mapping) else None
            assert isinstance(decided, bool), switch


@pytest.mark.parametrize("name", WITH_SCHEMA)
def test_a_strict_schema_refuses_a_misspelt_value(name: str) -> None:
    if not chart(name).strict:
        pytest.skip("the schema allows names it does not know")
    schema = chart(name).schema
    check = Draft7Validator(schema)
    assert not check.is_valid({**chart(name).values, "servce": {}})
    assert chart(name).where(("servce", "port")) is None


def test_a_value_that_neither_defaults_nor_schema_nor_templates_have_is_unknown() -> None:
    known = Chart("1", {"service": {"port": 80}, "resources": {}, "tag": None}, {}, "{{ toYaml .Values.security }}")
    assert known.where(("service", "port")) == "values"
    assert known.where(("resources", "limits", "memory")) == "values"
    assert known.where(("security", "runAsUser")) == "template /security"
    assert known.where(("service", "prt")) is None
    assert known.where(("resource",)) is None


def test_a_schema_knows_what_it_names_and_what_it_leaves_open() -> None:
    schema = {
        "additionalProperties": False,
        "properties": {"pod": {"$ref": "#/definitions/pod"}, "labels": {"type": "object"}},
        "definitions": {"pod": {"properties": {"user": {"type": "integer"}}, "additionalProperties": False}},
    }
    known = Chart("1", {}, schema)
    assert known.where(("pod", "user")) == "schema"
    assert known.where(("labels", "team")) == "schema"
    assert known.where(("pod", "usr")) is None
    assert known.where(("label",)) is None


def test_no_chart_brings_a_database_or_an_image_that_nobody_maintains() -> None:
    for uses in USED.values():
        for release in uses:
            text = json.dumps(values(release))
            assert "bitnami" not in text
            for bundled in ("postgresql", "redis", "rabbitmq", "mysql", "mongodb"):
                found = values(release).get(bundled)
                assert not isinstance(found, Mapping) or found.get("enabled") is False, (release.name, bundled)


def test_no_value_holds_a_secret() -> None:
    for uses in USED.values():
        for release in uses:
            assert "<secret " not in json.dumps(values(release))


@pytest.mark.parametrize("name", [each for each in CATALOG.names() if CATALOG.get(each).run.kubernetes])
def test_the_secrets_of_a_recipe_are_not_called_as_those_of_its_wires(name: str) -> None:
    tool = CATALOG.get(name)
    assert tool.run.kubernetes
    assert not tool.run.kubernetes.secrets.keys() & tool.requires.keys()
