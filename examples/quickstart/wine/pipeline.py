"""The pipeline: a Prefect flow that the stack's worker runs."""

import sys
from pathlib import Path

import pandas as pd
from prefect import flow, runtime, task
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment

from wine import data, training

PROJECT = Path(__file__).parent.parent
TIMEOUT = 600
"""Seconds that training may take."""


@task
def pull(pointer: str) -> pd.DataFrame:
    """Fetch the data through DVC."""
    return data.pull(Path(pointer))


@task
def train(candidate: str, table: pd.DataFrame, tags: dict[str, str]) -> tuple[float, str]:
    """Train one candidate."""
    return training.train(candidate, *data.split(table), tags)


@task
def promote(model_uri: str) -> str:
    """Make a model the champion."""
    return training.promote(model_uri)


@flow
def train_wine(pointer: str) -> None:
    """Train every candidate on the data that `pointer` names, and promote the best."""
    table = pull(pointer)
    tags = {"flow_run": runtime.flow_run.id, "data": data.version_of(Path(pointer))}
    trained = [train(candidate, table, tags) for candidate in training.CANDIDATES]
    _, best = max(trained, key=lambda result: result[0])
    promote(best)


def run(pointer: Path) -> FlowRun:
    """Deploy the flow, have the worker run it, and wait for it."""
    source = flow.from_source(source=str(PROJECT), entrypoint="wine/pipeline.py:train_wine")
    deployment = source.deploy(name="quickstart", build=False, ignore_warnings=True, print_next_steps=False)
    flow_run = run_deployment(deployment, parameters={"pointer": str(pointer)}, timeout=TIMEOUT, poll_interval=1)
    if flow_run.state is None or not flow_run.state.is_completed():
        sys.exit(f"flow run {flow_run.name}: {flow_run.state}")
    return flow_run
