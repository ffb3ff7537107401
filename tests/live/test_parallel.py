"""Many clients at once, as a search over parameters on one machine makes them: nothing is lost."""

import json
from collections.abc import Iterator

import pytest

from .stack import Stack

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(900)]

TRACKED = """
import os
os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"  # Python mixes up what many threads print
from concurrent.futures import ThreadPoolExecutor
import mlflow
from mlflow.entities import Metric
client = mlflow.MlflowClient()
experiment = client.create_experiment("parallel")
def trial(number):
    for each in range(10):
        run = client.create_run(experiment)
        client.log_param(run.info.run_id, "lr", number / 64)
        curve = [Metric("loss", step / 1000, 0, step) for step in range(1000)]
        client.log_batch(run.info.run_id, metrics=curve)
        client.set_terminated(run.info.run_id)
with ThreadPoolExecutor(64) as pool:
    failed = [str(each.exception()) for each in [pool.submit(trial, number) for number in range(64)] if each.exception()]
found = mlflow.search_runs([experiment], max_results=5000)
print(len(found), int((found["status"] == "FINISHED").sum()), int(found["metrics.loss"].notna().sum()), failed[:3])
"""
FLOWS = """
from concurrent.futures import ThreadPoolExecutor
from prefect import flow, task
from prefect.client.orchestration import get_client
@task
def double(number: int) -> int:
    return 2 * number
@flow(name="parallel")
def work(number: int) -> int:
    return double(number)
with ThreadPoolExecutor(50) as pool:
    answers = sorted(pool.map(work, range(50)))
with get_client(sync_client=True) as client:
    runs = client.read_flow_runs(limit=200)
print(answers == [2 * each for each in range(50)], sum(each.state.is_completed() for each in runs))
"""


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(tmp_path_factory.mktemp("busy") / "a project")
    stages = {"pipelining": ["prefect"], "experiment_tracker": ["mlflow"]}
    made.file.write_text(json.dumps({"name": "busy", "stack": stages}))
    try:
        up = made.run("up", within=300)
        assert up.code == 0, up.text
        yield made
    finally:
        made.end()


@pytest.mark.finding("F10")
def test_64_clients_lose_no_run_of_mlflow(busy: Stack) -> None:
    ended = busy.run("run", "--", "python", "-c", TRACKED, within=600)
    assert ended.code == 0, ended.text
    assert ended.out.splitlines()[-1] == "640 640 640 []"


@pytest.mark.finding("F16")
def test_50_flows_at_once_lose_no_run_of_prefect(busy: Stack) -> None:
    ended = busy.run("run", "--", "python", "-c", FLOWS, within=600)
    assert ended.code == 0, ended.text
    assert ended.out.split()[-2:] == ["True", "50"]
