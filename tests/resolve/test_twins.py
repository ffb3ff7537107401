"""Tools that stand for services: asked for, said, and never where the service itself runs."""

import pytest
from tests.conftest import Command
from tests.stacks import resolved

from platinfra.catalog.catalog import Catalog
from platinfra.diagnostics import PlatinfraError
from platinfra.model.targets import grounds

CATALOG = Catalog()
GROUNDS = [each for offered in grounds().values() for each in offered]
PAIRS = [(tool.name, stage, twin) for tool in CATALOG.tools() for stage, twins in tool.twins.items() for twin in twins]
STACK = """\
name: churn
provider: {name: aws, account-id: "210987654321", region: eu-central-1}
stack:
  experiment_tracker: [mlflow]
  orchestrator: [aws-step-functions: {settings: {log_days: 7}}]
  object_store: [s3]
  sql_database: [rds]
environments:
  laptop: {provider: {name: local}, twins: true}
  plain: {provider: {name: local}}
  cluster: {provider: {name: kubernetes}, twins: true}
  staging: {twins: true}
"""


@pytest.mark.parametrize(("name", "stage", "twin"), PAIRS)
def test_a_twin_is_a_tool_that_runs_somewhere_and_stands_for_a_stage_of_the_other(
    name: str, stage: str, twin: str
) -> None:
    assert stage in CATALOG.get(name).provides
    assert any(CATALOG.get(twin).runs_on(each) for each in GROUNDS)
    assert CATALOG.get(twin).name == twin


@pytest.mark.parametrize(
    ("environment", "standing"),
    [
        ("laptop", {"prefect": "aws-step-functions", "directory": "s3", "postgres": "rds"}),
        ("cluster", {"prefect": "aws-step-functions", "seaweedfs": "s3", "cloudnative-pg": "rds"}),
    ],
)
def test_twins_take_the_place_and_the_wires_of_services(environment: str, standing: dict[str, str]) -> None:
    graph = resolved(STACK, environment=environment).graph
    assert {name: graph.components[name].reason for name in standing} == {
        twin: f"stands for `{name}`" for twin, name in standing.items()
    }
    assert not standing.keys() & {"s3", "rds", "aws-step-functions"}
    backend = next(each for each in graph.bindings_of("mlflow") if each.name == "backend")
    assert standing[backend.provider] == "rds"
    assert "`prefect` stands for `aws-step-functions` and does not know `log_days`" in graph.notes


def test_a_service_that_runs_stands_for_itself() -> None:
    components = resolved(STACK, environment="staging").graph.components
    assert {"s3", "rds", "aws-step-functions"} <= components.keys()
    assert not any(each.reason.startswith("stands for") for each in components.values())


def test_without_twins_the_error_offers_them() -> None:
    with pytest.raises(PlatinfraError) as raised:
        resolved(STACK, environment="plain")
    hints = [each.hint for each in raised.value.diagnostics if each.code == "tool-not-on-target"]
    assert any("`twins: true` in the environment `plain`: `prefect` stands for it" in str(each) for each in hints)


def test_a_file_without_environments_becomes_valid_by_the_offer() -> None:
    text = "name: one\nstack: {experiment_tracker: [mlflow], orchestrator: [aws-batch]}\n"
    with pytest.raises(PlatinfraError) as raised:
        resolved(text)
    offer = "environments: {laptop: {twins: true}}"
    assert f"; or `{offer}` and `--env laptop`: `ray` stands for it" in str(raised.value.diagnostics[0].hint)
    assert "ray" in resolved(f"{text}{offer}\n", environment="laptop").graph.components


@pytest.mark.parametrize(
    ("tool", "words"), [("sagemaker", "`mlflow-serving` needs the setting `model`"), ("aws-eks", "it has no twin")]
)
def test_a_twin_that_cannot_stand_there_is_an_error_that_says_why(tool: str, words: str) -> None:
    stage = {"sagemaker": "model_serving", "aws-eks": "orchestrator"}[tool]
    text = f"name: one\nstack: {{experiment_tracker: [mlflow], {stage}: [{tool}]}}\n"
    text += "environments: {here: {twins: true}}\n"
    with pytest.raises(PlatinfraError) as raised:
        resolved(text, environment="here")
    (problem,) = raised.value.diagnostics
    assert words in problem.message
    assert problem.span
    assert problem.hint


def test_one_twin_for_two_services_and_for_itself_is_one_component() -> None:
    text = STACK.replace("[aws-step-functions: {settings: {log_days: 7}}]", "[aws-step-functions, prefect]")
    component = resolved(text, environment="laptop").graph.components["prefect"]
    assert component.stages == ("orchestrator",)
    assert component.purpose == "orchestrator; stands for `aws-step-functions`"


def test_plan_and_graph_say_what_stands_for_what(platinfra: Command, tmp_path: object) -> None:
    (tmp_path / "platinfra.yaml").write_text(STACK)  # type: ignore[operator]
    for command in (("plan", "--offline"), ("graph",)):
        assert "object_store; stands for `s3`" in platinfra(*command, "--env", "laptop").out
    assert "twins        orchestrator: prefect" in platinfra("explain", "step-functions").out
