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

TWO = "name: two\nstack:\n  experiment_tracker: [mlflow, {mlflow: {as: other}}]\n  pipelining: [prefect]\n"
STACK = """\
name: demo
stack:
  experiment_tracker: [mlflow]
  model_serving: [fastapi: {settings: {model: m}}]
  pipelining: [prefect]
"""
OF_CODE = """\
name: demo
stack:
  pipelining: [zenml]
  experiment_tracker: [mlflow]
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
    return checker_of(STACK, tmp_path)


def checker_of(text: str, tmp_path: Path) -> _Checker:
    graph = graph_of(text)
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


def test_a_script_for_the_project_s_environment_runs_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeProcesses()
    monkeypatch.setattr(machine, "processes", lambda _: fake)
    checker = checker_of(OF_CODE, tmp_path)
    checker.script("zenml", "find")
    assert fake.ran[0].command[0] == str(checker.stack.layout.client_venv / "bin" / "python")


def test_what_code_uses_too_is_proved_from_inside_its_consumer(tmp_path: Path, processes: FakeProcesses) -> None:
    checker = checker_of(OF_CODE, tmp_path)
    wires = {provider: bindings for consumer, provider, bindings in checker.wires() if consumer == "zenml"}
    assert [each.client for each in wires["mlflow"]] == [False, False, True, True]
    checker.prove("zenml", "mlflow", wires["mlflow"])
    inside, afterwards = ([*each.command[1:]] for each in processes.ran)
    assert inside[0] == str(CATALOG.folder("zenml") / "check.py")
    assert inside[1:4] == ["run", str(CATALOG.folder("mlflow") / "check.py"), "write"]
    assert afterwards == [str(CATALOG.folder("mlflow") / "check.py"), "find", inside[4]]
    assert inside[4] != checker.marker


def test_the_second_of_two_trackers_is_proved_by_its_own_address(tmp_path: Path, processes: FakeProcesses) -> None:
    checker = checker_of(TWO, tmp_path)
    env = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:1", "OTHER_MLFLOW_TRACKING_URI": "http://127.0.0.1:2"}
    checker.stack.layout.client_env.write_text(json.dumps(env))
    for name in ("mlflow", "other"):
        checker.script(name, "find")
        checker.inside("prefect", name, "find", "marker")
    first, inside_first, second, inside_second = processes.ran
    assert [each.env["MLFLOW_TRACKING_URI"] for each in (first, second)] == list(env.values())
    assert "--as=MLFLOW_" in inside_first.command
    assert "--as=OTHER_" in inside_second.command
