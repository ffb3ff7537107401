"""The lifecycle's project: its steps hold alone, and on its stack two seasons make two champions; nothing is left."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.docs.blocks import blocks
from tests.quickstart.test_quickstart import ROOT, copied, ok, processes_of, rows, run

from platinfra.targets.local.verbs.machine import environments

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(900)]
EXAMPLE = ROOT / "examples" / "lifecycle"
BROKEN = "2013-02-04"
LOOK = """
import json, mlflow
from flights import features, serving, source
from flights.settings import MODEL
from datetime import date
client = mlflow.MlflowClient()
flights = source.schedule(date(2013, 6, 30))
offline = mlflow.sklearn.load_model(f"models:/{MODEL}@champion").predict_proba(features.features(flights))[:, 1]
versions = client.search_model_versions(f"name = '{MODEL}'")
print(json.dumps({
    "aliases": {name: str(each) for name, each in client.get_registered_model(MODEL).aliases.items()},
    "tags": {str(each.version): each.tags for each in versions},
    "cards": {str(each.version): each.description for each in versions},
    "runs": {str(each.version): each.run_id for each in versions},
    "files": {str(each.version): sorted(
        found.path for folder in (None, "plots") for found in client.list_artifacts(each.run_id, folder)
    ) for each in versions},
    "served": serving.ask_health(),
    "apart": max(abs(one - other) for one, other in zip(offline, serving.predict(flights), strict=True)),
}))
"""
PULL = """
import sys, mlflow, pandas
from dvc.repo import Repo
from pathlib import Path
from typing import Any
from flights.version import content_hash
folder = Path(sys.argv[2])
mlflow.artifacts.download_artifacts(run_id=sys.argv[1], dst_path=str(folder))
with Repo.init(str(folder), no_scm=True) as repository:
    (pointer,) = folder.glob("*.parquet.dvc")
    repository.pull([str(pointer)])
table = pandas.read_parquet(folder / pointer.stem)
print(content_hash(table), *sorted({f"{each:%Y-%m-%d}" for each in table["date"]}))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = copied(tmp_path_factory.mktemp("lifecycle") / "project", "lifecycle")
    try:
        ok(folder, "up")
        yield folder
    finally:
        run(folder, "down")


@pytest.fixture(scope="module")
def table(project: Path) -> dict[str, str]:
    return rows(ok(project, "run", "--", "python", "main.py"))


@pytest.fixture(scope="module")
def found(project: Path, table: dict[str, str]) -> dict[str, Any]:
    """Return what the registry, the tracker and the model server say."""
    return dict(json.loads(ok(project, "run", "--", "python", "-c", LOOK).splitlines()[-1]))


def test_its_steps_hold_without_a_stack(tmp_path: Path) -> None:
    folder = copied(tmp_path / "project", "lifecycle")
    python = environments().ensure(EXAMPLE / "requirements.lock.txt", print) / "bin" / "python"
    mine = ("PYTHONPATH", "MLFLOW_", "DVC_", "PYTEST_")
    env = {name: each for name, each in os.environ.items() if not name.startswith(mine)}
    env |= {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "HTTPS_PROXY": "http://127.0.0.1:9"}
    command = [str(python), "-m", "pytest", "-q", "-W", "ignore"]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


def test_winter_and_summer_make_two_champions(table: dict[str, str]) -> None:
    assert "promoted: it is the first model" in table["1"]
    assert "2013-06-27" in table["2"]
    assert "of version 1, more than 0.01 better" in table["2"]
    assert table["Champion"] == "version 2 is served"
    assert table["Asked"].startswith("version 1 about 9")
    assert "temp" in table["Drifted"]


def test_every_version_says_what_it_is_made_of_and_how_good_it_is(found: dict[str, Any]) -> None:
    assert found["aliases"] == {"champion": "2"}
    assert found["tags"].keys() == {"1", "2"}
    for version, tags in found["tags"].items():
        assert {"data", "code", "environment", "dvc", "decision", "why"} <= tags.keys()
        assert tags["data"] in found["cards"][version]
        wanted = {"model-card.md", "explanation.json", "fairness.json", "plots/shap.png", "plots/fairness.png"}
        assert wanted <= set(found["files"][version])
    assert "champion (version 1)" in found["cards"]["2"]


def test_the_server_answers_as_the_champion_of_the_registry(found: dict[str, Any]) -> None:
    assert (found["served"]["status"], found["served"]["version"]) == ("serving", "2")
    assert found["apart"] < 1e-9


def test_a_broken_batch_is_in_quarantine_and_in_no_data_that_a_model_saw(
    project: Path, table: dict[str, str], found: dict[str, Any], tmp_path: Path
) -> None:
    assert table["Refused"] == f"schedule-{BROKEN}.parquet"
    assert "`wind_speed`" in (project / "workspace" / "quarantine" / f"schedule-{BROKEN}.md").read_text()
    pulled = ok(project, "run", "--", "python", "-c", PULL, found["runs"]["1"], str(tmp_path)).splitlines()[-1]
    digest, *days = pulled.split()
    assert digest == found["tags"]["1"]["data"]
    assert (days[0], days[-1], len(days)) == ("2013-01-15", "2013-02-10", 26)
    assert BROKEN not in days


def test_the_readme_names_the_commands_that_are_run_here() -> None:
    (block,) = (each for each in blocks(EXAMPLE / "README.md") if each.kind == "platform")
    assert [command for command, _ in block.commands()] == ["platinfra up", "platinfra run -- python main.py"]


def test_nothing_is_left_at_the_end(project: Path, table: dict[str, str]) -> None:
    ok(project, "down", "--delete-data", "--confirm", "lifecycle")
    assert processes_of(project) == []
    assert not (project / ".platinfra" / "default").exists()
