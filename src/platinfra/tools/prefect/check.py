"""Prove that Prefect works: `write` and `find` a flow run by name, `run FILE ARGS…` a file through the worker."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
from prefect.deployments import run_deployment
from prefect.states import Completed

NAME = "platinfra-check"


@flow(name=NAME)
def nothing() -> None:
    """Do nothing; a flow run needs a flow."""


def write(marker: str) -> None:
    """Leave a completed flow run that is named by the marker."""
    with get_client(sync_client=True) as client:
        client.create_flow_run(nothing, name=marker, state=Completed())


def find(marker: str) -> str | None:
    """Look for the flow run."""
    with get_client(sync_client=True) as client:
        found = client.read_flow_runs(flow_run_filter=FlowRunFilter(name=FlowRunFilterName(any_=[marker])))
    return None if found else "not found"


def run(file: str, *arguments: str) -> str | None:
    """Run a file through the worker; return why it failed."""
    source: Any = flow.from_source(source=str(Path(__file__).parent), entrypoint="run_file.py:run_file")
    source.deploy(name=NAME, work_pool_name="local", build=False, print_next_steps=False)
    parameters = {"file": str(Path(file).resolve()), "arguments": list(arguments)}
    name = f"run-file/{NAME}"
    result: Any = run_deployment(name, parameters=parameters, timeout=50, poll_interval=1, idempotency_key=uuid4().hex)
    if result.state is None or not result.state.is_final():
        return "the worker did not finish the flow run within 50 s"
    return None if result.state.is_completed() else result.state.message or "the flow run failed"


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("prefect: no answer within 58 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(58)
    actions: dict[str, Callable[..., str | None]] = {"write": write, "find": find, "run": run}
    try:
        sys.exit(actions[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"prefect: {error!r}")
