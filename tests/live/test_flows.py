"""Tools that run a project's flows, each in a stack with MLflow: the project's own code, wires, crashes and the end."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.environments import FLOWS, flows

from .stack import Stack, eventually

pytestmark = [pytest.mark.live, pytest.mark.slow]
LONG = 240
"""Seconds that a command may take which starts many programs."""
PROCESSES = {
    "airflow": ["server", "scheduler", "dag-processor", "triggerer"],
    "dagster": ["code", "server", "daemon"],
    "flyte": [],
    "kubeflow-pipelines": [],
    "metaflow": [],
}
WITHOUT_BLANKS = {"kubeflow-pipelines"}
"""Tools that do not work in a folder with a blank in its path; their remarks say so."""
WIRES = {
    "airflow": ["airflow → mlflow (tracker, registries)", "airflow → postgres (database)"],
    "dagster": ["dagster → mlflow (trackers, registries)", "dagster → postgres (database)"],
    "flyte": ["flyte → directory (artifacts)", "flyte → mlflow (trackers, registries)"],
    "kubeflow-pipelines": ["kubeflow-pipelines → mlflow (trackers, registries)"],
    "metaflow": ["metaflow → mlflow (trackers, registries)"],
}
DAG = """
import os

from airflow.sdk import dag, task


@task.external_python(python=os.environ["PROJECT_PYTHON"], expect_airflow=False, expect_pendulum=False)
def train() -> float:
    import mlflow

    mlflow.set_experiment("flows")
    with mlflow.start_run():
        mlflow.log_metric("mean", 2.0)
    return 2.0


@dag(is_paused_upon_creation=False)
def means() -> None:
    train()


means()
"""
TRIGGER = """
import json
import os
import time
import urllib.error
import urllib.request

URL = os.environ["AIRFLOW_URL"]


def ask(path, data=None, **headers):
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(URL + path, body, {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


login = {"username": os.environ["AIRFLOW_USERNAME"], "password": os.environ["AIRFLOW_PASSWORD"]}
token = {"Authorization": "Bearer " + ask("/auth/token", login)["access_token"]}
for _ in range(60):
    try:
        ask("/api/v2/dags/means/dagRuns", {"dag_run_id": "one", "logical_date": None}, **token)
        break
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        time.sleep(1)
while (state := ask("/api/v2/dags/means/dagRuns/one", **token)["state"]) not in ("success", "failed"):
    time.sleep(0.5)
print("ended", state)
"""
DEFINITIONS = """
import mlflow
from dagster import Definitions, asset, define_asset_job


@asset
def means() -> float:
    mlflow.set_experiment("flows")
    with mlflow.start_run():
        mlflow.log_metric("mean", 2.0)
    return 2.0


defs = Definitions(assets=[means], jobs=[define_asset_job("all_means")])
"""
SUBMIT = """
import os
import time
from urllib.parse import urlsplit

from dagster import DagsterRunStatus
from dagster_graphql import DagsterGraphQLClient

url = urlsplit(os.environ["DAGSTER_URL"])
client = DagsterGraphQLClient(url.hostname, port_number=url.port)
client.reload_repository_location("project")
number = client.submit_job_execution("all_means")
while (state := client.get_run_status(number)) not in (DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE):
    time.sleep(0.5)
print("ended", state.value)
"""
FLOW = """
import mlflow
from metaflow import FlowSpec, step


class Means(FlowSpec):
    @step
    def start(self):
        mlflow.set_experiment("flows")
        with mlflow.start_run():
            mlflow.log_metric("mean", 2.0)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Means()
"""
START = """
import subprocess
import sys

from metaflow import Flow

subprocess.run([sys.executable, "means.py", "run"], check=True)
print("ended", "success" if Flow("Means").latest_run.successful else "failed")
"""
TASKS = """
import mlflow
from flytekit import task, workflow


@task
def train() -> float:
    mlflow.set_experiment("flows")
    with mlflow.start_run():
        mlflow.log_metric("mean", 2.0)
    return 2.0


@task
def double(mean: float) -> float:
    return 2 * mean


@workflow
def means() -> float:
    return double(mean=train())
"""
RUN_TASKS = """
import subprocess

done = subprocess.run(["pyflyte", "run", "means.py", "means"], check=True, capture_output=True, text=True)
print("ended", "success" if done.stdout.split()[-1] == "4.0" else done.stdout)
"""
STEPS = """
import os

from kfp import dsl, local


@dsl.component
def train() -> float:
    import mlflow

    mlflow.set_experiment("flows")
    with mlflow.start_run():
        mlflow.log_metric("mean", 2.0)
    return 2.0


@dsl.component
def double(mean: float) -> float:
    return 2 * mean


@dsl.pipeline
def means() -> float:
    return double(mean=train().output).output


local.init(local.SubprocessRunner(use_venv=False), pipeline_root=os.environ["KFP_LOCAL_ROOT"])
print("ended", "success" if means().output == 4.0 else "wrong")
"""
PROJECTS = {
    "airflow": {"dags/means.py": DAG, "main.py": TRIGGER},
    "dagster": {"definitions.py": DEFINITIONS, "main.py": SUBMIT},
    "flyte": {"means.py": TASKS, "main.py": RUN_TASKS},
    "kubeflow-pipelines": {"main.py": STEPS},
    "metaflow": {"means.py": FLOW, "main.py": START},
}
"""The files of a project whose `main.py` has the tool log a run to the tracker."""
READER = """
import mlflow

print("tracked", [each.data.metrics["mean"] for each in mlflow.search_runs(experiment_names=["flows"], output_format="list")])
"""


@pytest.fixture(scope="module", params=FLOWS)
def tool(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def stack(tool: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return the running stack; every test leaves it healthy."""
    made = Stack(tmp_path_factory.mktemp(tool) / ("stack" if tool in WITHOUT_BLANKS else "a stack"))
    for each in (tool, "mlflow", "postgres"):
        made.catalog(each)
    made.file.write_text(flows(tool))
    try:
        up = made.run("up", within=LONG)
        assert up.code == 0, up.text
        made.assert_healthy()
        yield made
    finally:
        made.end()


def checked(stack: Stack, component: str) -> str:
    done = stack.run("check", component, within=LONG)
    assert done.code == 0, done.text
    return done.text


def test_it_is_proved_and_listens_on_this_machine_alone(stack: Stack, tool: str) -> None:
    said = checked(stack, tool)
    for each in (f"{tool} ", *WIRES[tool]):
        assert f"✓ {each}" in said
    family = stack.family()
    found = [each for each in psutil.net_connections("inet") if each.pid in family and each.status == "LISTEN"]
    assert {each.laddr.ip for each in found} <= {"127.0.0.1", "::ffff:127.0.0.1"}
    assert set(stack.ports().values()) <= {each.laddr.port for each in found}


def test_code_of_the_project_runs_in_its_environment_and_logs_to_the_tracker(stack: Stack, tool: str) -> None:
    for name, text in PROJECTS[tool].items():
        file = stack.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    done = stack.run("run", "--", "python", "main.py", within=LONG)
    assert done.code == 0, done.text
    assert "ended success" in done.out.lower()
    (stack.folder / "reader.py").write_text(READER)
    assert "tracked [2.0]\n" in stack.run("run", "--", "python", "reader.py", within=LONG).out


def test_no_secret_is_in_a_command_line_or_a_log(stack: Stack) -> None:
    secrets = [value.encode() for each in stack.read("secrets.json").values() for value in each.values()]
    arguments = b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in stack.family())
    logs = b"".join(each.read_bytes() for each in (stack.root / "logs").iterdir())
    assert arguments
    assert logs
    assert not [place for place in (arguments, logs) for secret in secrets if secret in place]


@pytest.mark.slow
def test_it_works_again_by_itself_after_each_of_its_processes_was_killed(stack: Stack, tool: str) -> None:
    for process in PROCESSES[tool]:
        stack.crash(f"{tool}.{process}")
        eventually(lambda: all(each["health"] == "healthy" for each in stack.status().values()), 90)
    checked(stack, tool)
    eventually(lambda: len(stack.mains()) == len(stack.programs()))
    stack.assert_healthy()


@pytest.mark.slow
def test_nothing_is_left_after_its_end_and_a_second_start_works(stack: Stack, tool: str) -> None:
    stack.down()
    up = stack.run("up", within=LONG)
    assert up.code == 0, up.text
    checked(stack, tool)
