"""Prove that Prefect works: `write` by a run and `find` its result, `run FILE ARGS…` a file through the worker."""

import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId, FlowRunFilter, FlowRunFilterName
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.deployments import run_deployment

NAME = "platinfra-check"
PATIENCE = 60.0
"""Seconds from a schedule to the end of its first run: the server looks every 5 seconds, the worker every 3."""
INTERVAL = timedelta(seconds=20)
"""So short that whoever misses the first time, on a busy machine, has the next."""


def write(marker: str) -> str | None:
    """Have the worker run a pipeline of two steps, named by the marker, which it reverses; then have it run by a schedule."""
    scheduled = schedule(marker)
    try:
        return through_worker("pipeline.py:reverse", {"text": marker}, name=marker) or await_run(scheduled)
    finally:
        with get_client(sync_client=True) as client:
            client.delete_deployment(scheduled)  # with the runs that were still to come


def schedule(marker: str) -> UUID:
    """Deploy the pipeline with an interval."""
    source: Any = flow.from_source(source=str(Path(__file__).parent), entrypoint="pipeline.py:reverse")
    found: UUID = source.deploy(
        name=f"{NAME}-{marker}",
        work_pool_name="local",
        build=False,
        print_next_steps=False,
        parameters={"text": marker},
        schedule=IntervalSchedule(interval=INTERVAL),
    )
    return found


def await_run(deployment: UUID) -> str | None:
    """Wait until a run that nobody asked for by hand is completed; return why there is none."""
    mine = DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))
    deadline, found = time.monotonic() + PATIENCE, "no run"
    with get_client(sync_client=True) as client:
        while time.monotonic() < deadline:
            states = [each.state for each in client.read_flow_runs(deployment_filter=mine) if each.state]
            ended = [each for each in states if each.is_final()]
            if ended:
                return None if ended[0].is_completed() else ended[0].message or "a scheduled run failed"
            found = f"runs that are {', '.join(sorted({each.name for each in states}))}" if states else found
            time.sleep(1)
    return f"a schedule of every 20 s gave {found} within {PATIENCE:.0f} s"


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
    sys.exit("prefect: no answer within 120 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(120)
    actions: dict[str, Callable[..., str | None]] = {"write": write, "find": find, "run": run}
    try:
        sys.exit(actions[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"prefect: {error!r}")
