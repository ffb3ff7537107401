"""Prove that Prefect works: `write` by a run and `find` its result, `run FILE ARGS…` a file through the worker."""

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

NAME = "platinfra-check"


def write(marker: str) -> str | None:
    """Have the worker run a pipeline of two steps; the run is named by the marker, and reverses it."""
    return through_worker("pipeline.py:reverse", {"text": marker}, name=marker)


def find(marker: str) -> str | None:
    """Look for the run, and its result in how it ended."""
    with get_client(sync_client=True) as client:
        found = client.read_flow_runs(flow_run_filter=FlowRunFilter(name=FlowRunFilterName(any_=[marker])))
    results = [each.state.message for each in found if each.state and each.state.is_completed()]
    return None if marker[::-1] in results else "not found"


def run(file: str, *arguments: str) -> str | None:
    """Run a file through the worker; return why it failed."""
    return through_worker("run_file.py:run_file", {"file": str(Path(file).resolve()), "arguments": list(arguments)})


def through_worker(entrypoint: str, parameters: dict[str, Any], name: str | None = None) -> str | None:
    """Ask for a run of one of the flows beside this file, and learn its end; return why it failed."""
    source: Any = flow.from_source(source=str(Path(__file__).parent), entrypoint=entrypoint)
    source.deploy(name=NAME, work_pool_name="local", build=False, print_next_steps=False)
    result: Any = run_deployment(
        f"{source.name}/{NAME}",
        parameters=parameters,
        timeout=45,
        poll_interval=1,
        idempotency_key=uuid4().hex,
        flow_run_name=name,
    )
    if result.state is None or not result.state.is_final():
        return "the worker did not finish the flow run within 45 s"
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
