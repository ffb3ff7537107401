"""A tracker that moves to its next version and back: what clients wrote is there, also after a migration that failed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.versions import versions_of
from platinfra.targets.local.verbs.machine import environments
from tests.environments import moved, resolve_clients

from .stack import Stack

pytestmark = [pytest.mark.live, pytest.mark.slow]
LONG = 240
NEXT, EARLIER = versions_of(Catalog().get("mlflow"))[:2]
LOG = """\
import sys, mlflow
mlflow.set_experiment("runs")
if len(sys.argv) > 1:
    with mlflow.start_run(run_name=sys.argv[1]):
        mlflow.log_text("kept", "text.txt")
runs = mlflow.search_runs(experiment_names=["runs"])
print(mlflow.__version__, *sorted(runs.get("tags.mlflow.runName", [])))
"""
FAILING = """\
import os, sys
from sqlalchemy import create_engine, text
with create_engine(os.environ["MLFLOW_BACKEND_STORE_URI"]).begin() as connection:
    connection.execute(text("DROP TABLE metrics CASCADE"))
    connection.execute(text("DELETE FROM tags"))
sys.exit("the migration failed half-way")
"""


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    made = Stack(tmp_path / "stack").catalog("mlflow").catalog("postgres")
    (made.folder / "log.py").write_text(LOG)
    try:
        for version in (NEXT, EARLIER):
            resolve_clients(environments(), moved(version))
        yield made
    finally:
        made.end()


def up(stack: Stack, version: str) -> None:
    stack.file.write_text(moved(version))
    done = stack.run("up", within=LONG)
    assert done.code == 0, done.text


def runs(stack: Stack, *name: str) -> list[str]:
    """Log a run if one is named; return the client's version and all runs."""
    done = stack.run("run", "--", "python", "log.py", *name, within=LONG)
    assert done.code == 0, done.text
    return done.out.splitlines()[-1].split()


def test_runs_outlive_moves_in_both_directions_and_a_migration_that_failed(stack: Stack) -> None:
    up(stack, EARLIER)
    assert runs(stack, "one") == [EARLIER, "one"]
    script = stack.folder / "tools" / "mlflow" / "migrate.py"
    good = script.read_text()
    script.write_text(FAILING)
    stack.file.write_text(moved(NEXT))
    failed = stack.run("up", within=LONG)
    assert failed.code == 1, failed.text
    assert "half-way" in failed.text
    script.write_text(good)
    up(stack, NEXT)
    assert runs(stack, "two") == [NEXT, "one", "two"]
    up(stack, EARLIER)
    assert runs(stack, "three") == [EARLIER, "one", "three"]
    up(stack, NEXT)
    assert runs(stack) == [NEXT, "one", "three"]
    checked = stack.run("check", within=LONG)
    assert checked.code == 0, checked.text
    again = stack.run("up", within=LONG)
    assert "nothing to do" in again.text
