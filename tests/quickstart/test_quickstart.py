"""The main job: the quickstart's stack comes up, its project goes through every tool, twice, and nothing is left."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]
PLATINFRA = Path(sys.executable).with_name("platinfra")
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


def run(folder: Path, *arguments: str, timeout: float = 400) -> subprocess.CompletedProcess[str]:
    """Run platinfra in a folder, as a person would."""
    env = {**os.environ, "NO_COLOR": "1"}
    return subprocess.run(
        [str(PLATINFRA), *arguments], cwd=folder, env=env, capture_output=True, text=True, timeout=timeout, check=False
    )


def ok(folder: Path, *arguments: str) -> str:
    """Run platinfra, which has to succeed; return what it printed."""
    done = run(folder, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def processes_of(folder: Path) -> list[psutil.Process]:
    """Return the processes whose environment or command line names the folder."""
    found = []
    for each in psutil.process_iter():
        try:
            text = " ".join([*each.cmdline(), *each.environ().values()])
        except psutil.Error:
            continue
        if str(folder) in text and each.pid != os.getpid() and each.status() != psutil.STATUS_ZOMBIE:
            found.append(each)
    return found


def copied(folder: Path, example: str = "quickstart") -> Path:
    """Copy an example, without what runs of it left behind."""
    return Path(
        shutil.copytree(
            ROOT / "examples" / example,
            folder,
            ignore=shutil.ignore_patterns(".platinfra", "workspace", "__pycache__"),
        )
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = copied(tmp_path_factory.mktemp("quickstart") / "project")
    try:
        ok(folder, "up")
        yield folder
    finally:
        run(folder, "down")


@pytest.fixture(scope="module")
def table(project: Path) -> dict[str, str]:
    return rows(ok(project, "run", "--", "python", "main.py"))


def rows(output: str) -> dict[str, str]:
    """Return the table that the project prints at its end."""
    return dict(re.findall(r"^  (\w[\w ]*?)\s{2,}(\S.*)$", output, re.MULTILINE))


def fetched(url: str) -> int:
    with urllib.request.urlopen(url.partition("#")[0], timeout=30) as answer:
        return int(answer.status)


def test_the_table_tells_what_came_of_it(table: dict[str, str]) -> None:
    assert float(table["Accuracy"].split()[0]) > 0.9
    assert table["Model"].startswith("wine version 1")
    assert "columns drifted" in table["Drift"]


def test_every_address_in_the_table_answers(table: dict[str, str]) -> None:
    addresses = {name: value for name, value in table.items() if value.startswith("http")}
    assert {"Run", "Report", "MLflow", "Prefect", "Evidently", "Model server", "JupyterLab"} <= addresses.keys()
    for name, url in addresses.items():
        assert fetched(f"{url}/health" if name == "Model server" else url) == 200, name


def test_everything_is_healthy(project: Path, table: dict[str, str]) -> None:
    components = json.loads(ok(project, "status", "--json"))["components"]
    assert {each["health"] for each in components} == {"healthy"}
    assert {"mlflow", "prefect", "fastapi", "evidently", "jupyterlab", "dvc", "postgres", "directory"} == {
        each["name"] for each in components
    }


def test_every_component_and_every_wire_holds(project: Path, table: dict[str, str]) -> None:
    proofs = json.loads(ok(project, "check", "--json"))["proofs"]
    assert [each for each in proofs if not each["ok"]] == []
    wires = {each["subject"].partition(" (")[0] for each in proofs if "→" in each["subject"]}
    assert {
        "dvc → directory", "mlflow → directory", "mlflow → postgres", "fastapi → mlflow",
        "prefect → mlflow", "prefect → dvc", "prefect → evidently", "prefect → fastapi",
        "jupyterlab → mlflow", "jupyterlab → dvc", "jupyterlab → evidently", "jupyterlab → prefect", "jupyterlab → fastapi",
    } == wires  # fmt: skip


def test_the_tools_that_the_readme_calls_tested_are_proved_here_or_by_a_test_of_their_own(project: Path) -> None:
    running = {each["tool"] for each in json.loads(ok(project, "status", "--json"))["components"]}
    elsewhere = {
        "bentoml",
        "hyperopt",
        "keras-tuner",
        "kserve",
        "litserve",
        "mlflow-serving",
        "mlserver",
        "nannyml",
        "nvidia-triton",
        "dask",
        "luigi",
        "optuna",
        "ray",
        "vizier",
        "zenml",
    }
    assert running | elsewhere == set((ROOT / "docs" / "tested.txt").read_text().split())


@pytest.mark.slow
def test_a_second_run_makes_a_second_version_beside_the_first(project: Path, table: dict[str, str]) -> None:
    second = rows(ok(project, "run", "--", "python", "main.py"))
    assert second["Model"].startswith("wine version 2")
    assert second["Report"].rpartition("/reports/")[0] == table["Report"].rpartition("/reports/")[0]
    script = "import mlflow; print(sorted(int(v.version) for v in mlflow.MlflowClient().search_model_versions(\"name='wine'\")))"
    assert ok(project, "run", "--", "python", "-c", script).strip() == "[1, 2]"


def test_up_again_has_nothing_to_do(project: Path) -> None:
    done = run(project, "up")
    assert done.returncode == 0
    assert "nothing to do" in done.stderr


def test_a_notebook_finds_what_the_flow_logged(project: Path, table: dict[str, str]) -> None:
    env = json.loads(ok(project, "env", "--json"))
    assert env["JUPYTER_URL"] == table["JupyterLab"]
    assert fetched(f"{env['JUPYTER_URL']}/api/kernelspecs?token={env['JUPYTER_TOKEN']}") == 200
    with pytest.raises(urllib.error.HTTPError):
        fetched(f"{env['JUPYTER_URL']}/api/kernelspecs")


def test_metrics_are_served_as_text(project: Path) -> None:
    status = {each["name"]: each["address"] for each in json.loads(ok(project, "status", "--json"))["components"]}
    for name, path in (("mlflow", "/metrics"), ("prefect", "/api/metrics"), ("fastapi", "/metrics")):
        with urllib.request.urlopen(f"{status[name]}{path}", timeout=30) as answer:
            assert answer.headers.get_content_type() == "text/plain", name


def test_mlflow_answers_to_this_machine_only(project: Path) -> None:
    status = {each["name"]: each["address"] for each in json.loads(ok(project, "status", "--json"))["components"]}
    request = urllib.request.Request(
        f"{status['mlflow']}/api/2.0/mlflow/experiments/search?max_results=1", headers={"Host": "evil.example"}
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=30)
    assert caught.value.code == 403


def test_down_leaves_nothing_and_up_finds_everything_again(project: Path, table: dict[str, str]) -> None:
    ports = [
        int(each["address"].rpartition(":")[2])
        for each in json.loads(ok(project, "status", "--json"))["components"]
        if each["address"]
    ]
    ok(project, "down")
    assert processes_of(project) == []
    listening = {each.laddr.port for each in psutil.net_connections(kind="tcp") if each.status == psutil.CONN_LISTEN}
    assert listening.isdisjoint(ports)
    ok(project, "up")
    script = "import mlflow; print(mlflow.MlflowClient().get_model_version_by_alias('wine', 'champion').version)"
    assert int(ok(project, "run", "--", "python", "-c", script)) >= 1


@pytest.mark.slow
def test_mlflows_own_model_server_serves_the_same_model(tmp_path: Path, project: Path, table: dict[str, str]) -> None:
    stack = project / "platinfra.yaml"
    text = stack.read_text()
    try:
        stack.write_text(text.replace("fastapi:", "mlflow-serving:"))
        ok(project, "up", "--yes")
        proofs = json.loads(ok(project, "check", "mlflow-serving", "--json"))["proofs"]
        assert [each for each in proofs if not each["ok"]] == []
        assert {each["subject"] for each in proofs} >= {"mlflow-serving", "mlflow-serving → mlflow (registry)"}
    finally:
        stack.write_text(text)
