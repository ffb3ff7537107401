"""What `check` gives to the scripts of tools, without a process."""

import json
from pathlib import Path

import pytest

from platinfra.model.workspace import Workspace
from platinfra.targets.local.facts import MachineFacts
from platinfra.targets.local.record import record_of
from platinfra.targets.local.verbs import machine
from platinfra.targets.local.verbs.check import _Checker
from platinfra.targets.local.verbs.running import Running
from tests.stacks import CATALOG, graph_of, machine_for
from tests.worlds import FakeProcesses

STACK = """\
name: demo
stack:
  experiment_tracker: [mlflow]
  model_serving: [fastapi: {settings: {model: m}}]
  pipelining: [prefect]
"""
SHARED = str(CATALOG.folder("fastapi").parent / "_packages")


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> FakeProcesses:
    fake = FakeProcesses()
    monkeypatch.setattr(machine, "processes", lambda _: fake)
    monkeypatch.setattr(_Checker, "venv", lambda *_: None)
    return fake


@pytest.fixture
def checker(tmp_path: Path, processes: FakeProcesses) -> _Checker:
    graph = graph_of(STACK)
    record = record_of(MachineFacts(graph, CATALOG, machine_for(graph)).values)
    stack = Running(Workspace(tmp_path / "platinfra.yaml"), record)
    stack.layout.client_env.parent.mkdir(parents=True)
    stack.layout.client_env.write_text(json.dumps({"MLFLOW_TRACKING_URI": "http://127.0.0.1:1"}))
    return _Checker(stack, tmp_path, lambda _: None)


def test_a_script_finds_the_packages_of_its_tool(checker: _Checker, processes: FakeProcesses) -> None:
    checker.script("fastapi", "find")
    checker.script("mlflow", "find")
    with_package, without = processes.ran
    assert with_package.env["PYTHONPATH"] == SHARED
    assert "PYTHONPATH" not in without.env


def test_a_script_that_runs_inside_another_tool_brings_its_packages(
    checker: _Checker, processes: FakeProcesses
) -> None:
    checker.inside("prefect", "fastapi", "find", "marker")
    checker.inside("prefect", "mlflow", "find", "marker")
    with_package, without = ([*each.command[1:]] for each in processes.ran)
    script = str(CATALOG.folder("fastapi") / "check.py")
    assert with_package[2:] == [with_package[2], SHARED, script, "find", "marker"]
    assert Path(with_package[2]).name == "with_packages.py"
    assert without[1:] == ["run", str(CATALOG.folder("mlflow") / "check.py"), "find", "marker"]
    assert all("PYTHONPATH" not in each.env for each in processes.ran)  # these are of prefect's own script
