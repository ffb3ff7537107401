"""Prefect: the pipeline as a flow that the stack's worker runs. Another orchestrator is another module like this."""

import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import mlflow
from prefect import flow, runtime, task
from prefect.cache_policies import NO_CACHE
from prefect.deployments import run_deployment

from flights import pipeline
from flights.settings import EXPERIMENT, PROJECT, Folders

P = ParamSpec("P")
R = TypeVar("R")
TIMEOUT = 600
"""Seconds that the flow may take."""


def as_task(step: Callable[P, R], /) -> Callable[P, R]:
    """Make a task of a step; its result stays in memory."""
    return task(step, cache_policy=NO_CACHE)


@flow(name="flight-delay")
def train_flights() -> None:
    """Run the pipeline on what is in the inbox."""
    pipeline.run(Folders(), {"flow_run": str(runtime.flow_run.id)}, as_task)


def run() -> pipeline.Outcome:
    """Deploy the flow, have the worker run it, wait for it, and return what it came to."""
    source = train_flights.from_source(source=str(PROJECT), entrypoint="flights/on_prefect.py:train_flights")
    deployment = source.deploy(name="lifecycle", build=False, ignore_warnings=True, print_next_steps=False)
    flow_run = run_deployment(deployment, timeout=TIMEOUT, poll_interval=1)
    if flow_run.state is None or not flow_run.state.is_completed():
        sys.exit(f"flow run {flow_run.name}: {flow_run.state}")
    (found,) = mlflow.search_runs(
        experiment_names=[EXPERIMENT], filter_string=f"tags.flow_run = '{flow_run.id}'", output_format="list"
    )
    return pipeline.Outcome(**mlflow.artifacts.load_dict(f"{found.info.artifact_uri}/outcome.json"))
