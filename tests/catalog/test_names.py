"""Every name that people use has one true answer: a tool, the tool that it is an alias of, or why platinfra does not run it."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError
from tests.conftest import Command
from tests.stacks import resolved

from platinfra.catalog.catalog import Catalog, canonical_tool
from platinfra.catalog.schema import NoRoute
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.targets import grounds

CATALOG = Catalog()
TOOLS = CATALOG.names()
ALIASES = {alias: name for name in TOOLS for alias in CATALOG.get(name).aliases}
ROUTELESS = [name for name in TOOLS if CATALOG.get(name).no_route]
WISH = yaml.safe_load((Path(__file__).parent / "wish.yaml").read_text(encoding="utf-8"))
PAIRS = [(stage, name, answer) for stage, names in WISH["stages"].items() for name, answer in names.items()]
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


def test_aliases_are_read_only_for_a_name_that_no_folder_has() -> None:
    found = Catalog()
    assert found.find("nvidia_triton")
    assert found.find("neptune")
    assert "_aliases" not in vars(found)
    assert found.find("triton")
    assert "_aliases" in vars(found)


@pytest.mark.parametrize("name", ROUTELESS)
def test_what_is_not_run_has_no_recipe_and_names_tools_of_the_same_stage_or_advice(name: str) -> None:
    tool = CATALOG.get(name)
    assert tool.no_route
    assert tool.places == ()
    assert re.match(r"https://[^/]+/.", tool.no_route.source), "a page that says so, not somebody's front page"
    assert len(tool.no_route.reason) <= 130, "the reason is one line"
    assert date(2026, 1, 1) <= tool.no_route.checked <= date(2100, 1, 1)
    assert not tool.no_route.reason.endswith(".")
    for each in tool.no_route.instead:
        other = CATALOG.get(each)
        assert not other.no_route
        assert set(other.provides) & {*tool.provides, *tool.not_for}, each
    assert tool.no_route.instead or tool.no_route.advice
    assert not (tool.no_route.advice or "").endswith(".")


def test_an_entry_that_says_neither_is_refused() -> None:
    known = {"reason": "it ended", "checked": "2026-11-27", "source": "https://example.org"}
    assert NoRoute.model_validate({**known, "advice": "stop"}).instead == []
    with pytest.raises(ValidationError, match="has `instead` or `advice`"):
        NoRoute.model_validate(known)


def problems_of(stage: str, name: str, **options: object) -> list[Diagnostic]:
    """Return what is wrong with a stack that names one thing for one stage."""
    with pytest.raises(PlatinfraError) as raised:
        resolved(f"name: one\nstack: {{{stage}: [{json.dumps(name)}]}}\n", **options)
    return list(raised.value.diagnostics)


@pytest.mark.parametrize("name", ROUTELESS)
def test_whoever_names_it_for_any_stage_is_told_why_and_what_works_there(name: str) -> None:
    tool = CATALOG.get(name)
    assert tool.no_route
    for stage in {*tool.provides, "experiment_tracker", "parameter_sweeps"}:
        *unknown, problem = problems_of(stage, name)
        assert [each.code for each in unknown] == (["unknown-stage"] if stage == "parameter_sweeps" else [])
        assert problem.code == "no-route"
        assert tool.no_route.reason in problem.message
        assert tool.no_route.source in problem.message
        assert problem.span
        assert (tool.no_route.advice or "") in str(problem.hint)
        assert f"`{name}`" not in str(problem.hint)


def test_the_hint_names_the_nearest_tools_of_the_stage_that_run_there() -> None:
    (here,) = problems_of("event_streaming", "flume")
    assert here.hint == "tools of `event_streaming` that can: `nats` and `redis`"
    text = "name: one\nprovider: {name: kubernetes}\nstack: {event_streaming: [flume], alerting: [pachyderm]}\n"
    with pytest.raises(PlatinfraError) as raised:
        resolved(text)
    assert [each.hint for each in raised.value.diagnostics] == [
        "instead: `kafka`",
        "tools of `alerting` that can: `mlflow` and `prometheus`",
    ]


def test_what_is_left_out_is_not_judged() -> None:
    text = "name: one\nstack: {experiment_tracker: [mlflow, neptune.ai], alerting: [grafana]}\n"
    assert "mlflow" in resolved(text, without=("neptune", "grafana")).graph.components


def test_a_component_that_is_named_like_an_alias_can_be_left_out() -> None:
    text = "name: one\nstack: {experiment_tracker: [mlflow, mlflow: {as: dns}]}\n"
    assert "dns" in resolved(text).graph.components
    assert "dns" not in resolved(text, without=("dns",)).graph.components


def test_an_unknown_stage_is_told_where_its_tools_belong() -> None:
    (problem,) = problems_of("parameter_sweeps", "optuna")
    assert str(problem.hint).startswith(
        "`optuna` is a tool of `hyperparameter_tuning` or `experiment_tracker`; or one of `alerting`"
    )
    (near,) = problems_of("data_ingestion", "kafka")  # nothing that is merely spelled like it
    assert str(near.hint).startswith("`kafka` is a tool of `event_streaming`; or one of `alerting`")
    (spelled,) = problems_of("serving", "fastapi")
    assert spelled.hint == "did you mean `model_serving`?"
    (other,) = problems_of("parameter_sweeps", "nobody-knows-it")
    assert str(other.hint).startswith("one of `alerting`")


def answer_of(name: str) -> tuple[str, str]:
    """Return the kind of the answer to a name, and the entry that it is in."""
    tool = CATALOG.get(name)
    kind = "tools" if not tool.no_route else "instead" if tool.no_route.instead else "advice"
    return kind, tool.name


@pytest.mark.parametrize("kind", ["tools", "instead", "advice"])
def test_each_name_of_the_wish_has_its_answer(kind: str) -> None:
    assert {name: answer_of(name) for name in WISH[kind]} == {name: (kind, entry) for name, entry in WISH[kind].items()}


@pytest.mark.parametrize("name", [name for kind in ("instead", "advice") for name in WISH[kind]])
def test_a_stack_file_and_explain_give_the_same_answer(name: str, platinfra: Command) -> None:
    known = CATALOG.get(name).no_route
    assert known
    (problem,) = problems_of("experiment_tracker", name)
    told = platinfra("explain", name).out
    assert problem.code == "no-route"
    for text in (known.reason, known.source):
        assert text in problem.message
        assert text in told
    assert (known.advice or "") in told
    assert ", ".join(known.instead) in told


@pytest.mark.parametrize(("stage", "name", "answer"), PAIRS)
def test_each_tool_that_may_stand_in_a_stage_does_or_is_told_why_not(stage: str, name: str, answer: str) -> None:
    tool = CATALOG.get(name)
    if answer == "fills":
        assert stage in tool.provides
        assert any(map(tool.runs_on, GROUNDS))
        return
    (problem,) = problems_of(stage, name)
    assert problem.code == {"not-for": "wrong-stage", "not-run": "no-route"}[answer]
    reason = tool.not_for[stage] if answer == "not-for" else tool.no_route and tool.no_route.reason
    assert str(reason) in problem.message


@pytest.mark.parametrize("name", [name for name in TOOLS if CATALOG.get(name).not_for])
def test_what_a_tool_is_not_for_is_a_stage_that_it_does_not_fill(name: str, platinfra: Command) -> None:
    tool = CATALOG.get(name)
    for stage, reason in tool.not_for.items():
        assert CATALOG.capability(stage).stage
        assert stage not in tool.provides
        assert not reason.endswith(".")
        assert f"not for      {stage}: {reason}" in platinfra("explain", name).out


def test_what_is_not_run_is_listed_only_when_asked_for(platinfra: Command) -> None:
    usual = platinfra("tools", "--stage", "monitoring").out
    every = platinfra("tools", "--stage", "monitoring", "--all").out
    assert "grafana" in usual
    assert "weaveworks" not in usual
    assert re.search(r"weaveworks +monitoring, alerting +nothing ", every)
    assert "jenkins" in platinfra("tools", "--all").out
    assert "weaveworks" not in platinfra("tools", "--all", "--target", "local").out


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


def test_explain_says_what_is_not_run_first(platinfra: Command) -> None:
    told = platinfra("explain", "alibi-detect").out
    assert "not run      it is a library" in told
    assert "instead      evidently, nannyml, whylogs" in told
    assert "runs on" not in told
    assert "do           open the project in it" in platinfra("explain", "VS Code").out
    assert platinfra("explain", "neptune.ai").out.startswith("neptune: ")
    assert platinfra("explain", "mlflow.workers").out.startswith("mlflow.workers: ")
    assert platinfra("explain", "Feature Store").out.startswith("feature_store: ")


@pytest.mark.parametrize("name", ["tensorboard", "tecton", "local", "provider"])
def test_explain_does_not_name_what_is_merely_spelled_a_little_alike(name: str, platinfra: Command) -> None:
    assert "did you mean" not in platinfra("explain", name).err
    assert "did you mean `jupyterlab` or `jupyterhub`?" in platinfra("explain", "jupiter").err
    assert "did you mean `dvc`" in platinfra("explain", "dvx").err


def test_a_stage_that_a_tool_fills_in_clusters_alone_is_refused_on_a_machine_with_the_reason(
    platinfra: Command,
) -> None:
    Path("platinfra.yaml").write_text("name: x\nstack: {pipelining: [flyte], orchestrator: [flyte]}\n")
    ended = platinfra("validate")
    assert ended.code == 2
    assert ended.err.count("error[") == 1
    reason = CATALOG.get("flyte").run.local.not_for["orchestrator"]
    assert reason in " ".join(ended.err.split())
    assert "`prefect`" in ended.err
