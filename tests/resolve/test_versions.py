"""The version of a tool that a stack file names: which there are, where one can be named, and what it changes."""

import re
from pathlib import Path

import pytest
from tests.stacks import graph_of, plan_of

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Tool
from platinfra.catalog.versions import versions_of
from platinfra.diagnostics import PlatinfraError
from platinfra.targets.local.actions import InstallClient, InstallEnvironment

CATALOG = Catalog()
WITH_VERSIONS = [each for each in CATALOG.tools() if versions_of(each)]
EARLIER = "3.16.1"
PINNED = f"name: one\nstack:\n  experiment_tracker: [{{mlflow: {{version: {EARLIER}}}}}]\n"


def problem(text: str) -> tuple[str, int, str]:
    """Return code, line and hint of the one thing that is wrong."""
    with pytest.raises(PlatinfraError) as caught:
        graph_of(text)
    (found,) = caught.value.diagnostics
    assert found.span
    return found.code, found.span.line, found.hint or ""


@pytest.mark.parametrize("tool", WITH_VERSIONS, ids=lambda each: each.name)
def test_each_version_is_that_of_its_lock_and_of_its_clients(tool: Tool) -> None:
    local, folder = tool.run.local, CATALOG.folder(tool.name)
    locks = {local.version: (local.requirements, tool.client.packages)}
    locks |= {version: (each.requirements, each.packages) for version, each in local.earlier.items()}
    for version, (lock, packages) in locks.items():
        pins = re.findall(r"^(\S+==\S+) ", Path(folder, lock).read_text(), re.MULTILINE)
        assert any(each.endswith(f"=={version}") for each in pins if each in packages), (version, lock)


def test_lock_and_clients_are_of_the_version_that_is_named() -> None:
    actions = plan_of(PINNED).actions
    (tool,) = [each for each in actions if isinstance(each, InstallEnvironment) and "mlflow" in each.key]
    (client,) = [each for each in actions if isinstance(each, InstallClient)]
    assert EARLIER in tool.lock.name
    assert tool.summary == f"install mlflow {EARLIER}"
    assert f"mlflow=={EARLIER}" in client.packages


def test_it_is_enough_to_name_it_in_one_stage() -> None:
    graph = graph_of(PINNED + "  model_registry: [mlflow]\n")
    assert graph.components["mlflow"].tool == f"mlflow@{EARLIER}"
    assert graph.components["mlflow"].stages == ("experiment_tracker", "model_registry")


def test_the_usual_version_may_be_named_too() -> None:
    usual = versions_of(CATALOG.get("mlflow"))[0]
    assert graph_of(PINNED.replace(EARLIER, usual)).components["mlflow"].tool == "mlflow"


def test_a_version_without_a_lock_is_refused_with_those_that_have_one() -> None:
    code, line, hint = problem(PINNED.replace(EARLIER, "9.9.9"))
    assert (code, line) == ("unknown-version", 3)
    assert EARLIER in hint


@pytest.mark.parametrize(
    "text",
    [
        PINNED.replace("mlflow", "prefect").replace("experiment_tracker", "pipelining"),
        PINNED.replace("{version", "{at: https://mlflow.example.org, version"),
        PINNED + "provider: {name: kubernetes}\n",
    ],
    ids=["one lock", "there already", "cluster"],
)
def test_a_version_is_refused_where_there_is_no_choice(text: str) -> None:
    assert problem(text)[:2] == ("no-version", 3)


def test_one_component_has_one_version() -> None:
    usual = versions_of(CATALOG.get("mlflow"))[0]
    code, line, _ = problem(f"{PINNED}  model_registry: [{{mlflow: {{version: {usual}}}}}]\n")
    assert (code, line) == ("conflicting-setting", 4)


def test_code_cannot_have_the_clients_of_two_versions() -> None:
    code, _, hint = problem(f"{PINNED}  model_registry: [{{mlflow: {{as: other}}}}]\n")
    assert code == "conflicting-setting"
    assert "project" in hint
