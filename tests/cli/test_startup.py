"""What makes commands start fast, without a clock: what they load, what they leave undone."""

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from pydantic import BaseModel

from platinfra import document
from platinfra.catalog.entry import Entry
from platinfra.catalog.schema import Tool
from platinfra.cli.main import leave_out_plugins
from platinfra.spec.aws import Strict
from platinfra.spec.schema import StackFile

SEED = Path(__file__).parents[2] / "benchmarks" / "seed.yaml"
WATCH = """
import atexit, gc, json, sys
from platinfra.__main__ import main
seen = []
gc.callbacks.append(lambda phase, _: seen.append(phase))
atexit.register(lambda: print(json.dumps([list(sys.modules), seen, gc.get_freeze_count()])))
main()
"""
READERS_OF_PACKAGES = ("importlib.metadata", "email", "zipfile", "csv", "tempfile")
WORKERS = (
    "subprocess",
    "ssl",
    "http",
    "asyncio",
    "concurrent",
    "logging",
    "tarfile",
    "ctypes",
    "psutil",
    "rich",
    "boto3",
)


class Watched(NamedTuple):
    modules: list[str]
    collections: list[str]
    frozen: int


def watch(*arguments: str) -> Watched:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "AWS"))}
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *arguments], capture_output=True, text=True, check=True, env=env
    )
    return Watched(*json.loads(done.stdout.splitlines()[-1]))


def loaded(watched: Watched, *names: str) -> list[str]:
    return [each for each in watched.modules if each.startswith(names)]


def models(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for each in base.__subclasses__():
        yield each
        yield from models(each)


def test_help_loads_nothing_heavy() -> None:
    assert loaded(watch("--help"), "pydantic_core", "yaml", "rich", "psutil", "importlib.metadata", "dataclasses") == []


def test_validate_loads_what_reads_a_stack_and_no_more() -> None:
    watched = watch("validate", str(SEED))
    assert loaded(watched, *READERS_OF_PACKAGES, *WORKERS) == []
    assert loaded(watched, "platinfra.engine", "platinfra.drivers", "platinfra.targets.answers") == []
    assert loaded(watched, "platinfra.targets.local", "platinfra.targets.aws.verbs", "platinfra.model.ports") == []


def test_plan_without_an_account_loads_nothing_that_acts() -> None:
    watched = watch("plan", str(SEED))
    assert "platinfra.targets.aws.verbs.plan" in watched.modules
    assert loaded(watched, "importlib.metadata", *WORKERS) == []
    assert loaded(watched, "platinfra.engine", "platinfra.drivers.terraform", "platinfra.targets.local") == []
    assert loaded(watched, "platinfra.model.ports", "platinfra.model.state", "platinfra.model.event") == []


def test_plan_on_a_machine_where_nothing_runs_loads_no_supervisor(tmp_path: Path) -> None:
    file = tmp_path / "platinfra.yaml"
    file.write_text("name: demo\nstack:\n  experiment_tracker: [mlflow]\n")
    watched = watch("plan", str(file))
    assert "platinfra.targets.local.verbs.plan" in watched.modules
    assert loaded(watched, "importlib.metadata", "http", "ssl", "xmlrpc", "psutil", "rich") == []
    assert loaded(watched, "platinfra.engine", "platinfra.drivers.supervision", "platinfra.targets.aws") == []


@pytest.mark.parametrize("verb", ["validate", "plan"])
def test_a_short_command_does_not_look_for_garbage(verb: str) -> None:
    watched = watch(verb, str(SEED))
    assert watched.collections == []
    assert watched.frozen > 0


def test_no_default_is_made_by_a_function_of_c() -> None:
    """Pydantic asks each for its signature, and Python compiles its tokenizer to read one of C: 7 ms."""
    assert Tool in models(Entry)
    assert StackFile in models(Strict)
    makers = [
        (model.__name__, name)
        for model in (*models(Entry), *models(Strict))
        for name, field in model.model_fields.items()
        if inspect.isbuiltin(field.default_factory) or field.default_factory in (list, dict, set, tuple)
    ]
    assert makers == []


def test_defaults_are_not_shared() -> None:
    first, second = (Tool(name="a", summary="", homepage="", license="") for _ in range(2))
    assert first.secrets == second.secrets == []
    assert first.secrets is not second.secrets
    assert first.settings is not second.settings


def test_places_in_a_file_are_worked_out_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    real = document.Span
    monkeypatch.setattr(document, "Span", lambda *told: made.append(told) or real(*told))
    read = document.load_text("name: demo\nstack: {monitoring: [evidently]}\n", "platinfra.yaml")
    assert made == []
    assert read.value_span(("stack", "monitoring", 0)) == real(
        "platinfra.yaml", 2, 22, 31, "stack: {monitoring: [evidently]}"
    )
    assert (len(made), len(read.keys), len(read.values)) == (2, 3, 5)


def test_plugins_of_pydantic_are_left_out() -> None:
    modules: dict[str, object] = {}
    leave_out_plugins(modules)
    [(name, loader)] = modules.items()
    assert name == "pydantic.plugin._loader"
    assert not loader.get_plugins()


def test_a_loader_of_plugins_that_is_there_stays() -> None:
    modules: dict[str, object] = {"pydantic.plugin._loader": "its own"}
    leave_out_plugins(modules)
    assert modules == {"pydantic.plugin._loader": "its own"}
