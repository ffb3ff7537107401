"""Every name that people use has one true answer: a tool, the tool that it is an alias of, or why there is no route."""

from datetime import date
from pathlib import Path

import pytest
import yaml
from tests.conftest import Command
from tests.stacks import resolved

from platinfra.catalog.catalog import Catalog, canonical_tool
from platinfra.diagnostics import PlatinfraError
from platinfra.model.targets import grounds

CATALOG = Catalog()
TOOLS = CATALOG.names()
ALIASES = {alias: name for name in TOOLS for alias in CATALOG.get(name).aliases}
ROUTELESS = [name for name in TOOLS if CATALOG.get(name).no_route]
GROUNDS = [each for offered in grounds().values() for each in offered]


def test_an_alias_is_written_as_it_is_looked_up_and_belongs_to_one_tool() -> None:
    named = [alias for name in TOOLS for alias in CATALOG.get(name).aliases]
    assert len(set(named)) == len(named)
    assert {each for each in named if canonical_tool(each) != each} == set()
    assert set(named) & set(TOOLS) == set()


@pytest.mark.parametrize("alias", sorted(ALIASES))
def test_an_alias_is_found_without_reading_every_tool(alias: str) -> None:
    found = Catalog()
    assert found.find(alias.replace("-", "_").upper()).name == ALIASES[alias]  # type: ignore[union-attr]
    assert len(found._tools) == 1


@pytest.mark.parametrize("name", ROUTELESS)
def test_what_has_no_route_has_no_recipe_and_names_tools_that_do_the_same(name: str) -> None:
    tool = CATALOG.get(name)
    assert tool.no_route
    assert tool.places == ()
    assert tool.no_route.source.startswith("https://")
    assert date(2026, 1, 1) <= tool.no_route.checked <= date(2100, 1, 1)
    assert not tool.no_route.reason.endswith(".")
    for each in tool.no_route.instead:
        other = CATALOG.get(each)
        assert not other.no_route
        assert set(other.provides) & set(tool.provides), each
    assert tool.no_route.instead


@pytest.mark.parametrize("name", ROUTELESS)
def test_whoever_names_it_is_told_why_and_what_works_there(name: str) -> None:
    tool = CATALOG.get(name)
    for stage in tool.provides:
        with pytest.raises(PlatinfraError) as raised:
            resolved(f"name: one\nstack: {{{stage}: [{name}]}}\n")
        (problem,) = raised.value.diagnostics
        assert problem.code == "no-route"
        assert tool.no_route
        assert tool.no_route.reason in problem.message
        assert tool.no_route.source in problem.message
        assert problem.hint
        assert name not in problem.hint


@pytest.mark.parametrize("ground", GROUNDS, ids=str)
def test_no_list_of_tools_names_one_that_runs_nowhere(ground: object) -> None:
    for stage in (each.name for each in CATALOG.capabilities() if each.stage):
        assert not any(each.no_route for each in CATALOG.providers(stage))


def test_a_stack_file_may_use_an_alias_wherever_it_names_a_tool() -> None:
    text = """\
name: churn
provider: {name: kubernetes}
stack:
  experiment_tracker: [mlflow]
  pipelining: [Apache Airflow]
  orchestrator: [argo]
environments:
  team: {settings: {apache-airflow: {executor: LocalExecutor}}}
"""
    found = resolved(text, environment="team").graph.components
    assert found["airflow"].settings["executor"] == "LocalExecutor"
    assert "argo-workflows" in found
    assert "argo-workflows" not in resolved(text, without=("argo",)).graph.components


def test_a_tool_of_the_project_wins_over_an_alias(platinfra: Command, tmp_path: Path) -> None:
    folder = tmp_path / "tools" / "argo"
    folder.mkdir(parents=True)
    own = {"name": "argo", "summary": "Ours.", "homepage": "https://example.org", "license": "MIT"}
    (folder / "tool.yaml").write_text(yaml.safe_dump({**own, "provides": ["orchestrator"]}))
    assert platinfra("explain", "argo").out.startswith("argo: Ours.")


def test_explain_says_the_same(platinfra: Command) -> None:
    told = platinfra("explain", "alibi-detect").out
    assert "no route     it is a library" in told
    assert "instead      evidently, nannyml" in told
