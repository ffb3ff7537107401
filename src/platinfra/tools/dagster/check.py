"""Prove that Dagster works: `write` by a run of two steps and `find` its result, `run FILE ARGS…` a file in a step."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from dagster_graphql import DagsterGraphQLClient

PATIENCE = 110.0
"""Seconds for one run."""
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}
FIND = """
query ($filter: RunsFilter!) {
  runsOrError(filter: $filter) {
    ... on Runs {results {status eventConnection {events {
      ... on ExecutionStepOutputEvent {stepKey metadataEntries {... on TextMetadataEntry {label text}}}
      ... on ExecutionStepFailureEvent {error {message cause {message}}}
    }}}}
  }
}
"""


def client() -> DagsterGraphQLClient:
    """Return a client of the stack's server."""
    url = urlsplit(os.environ["DAGSTER_URL"])
    return DagsterGraphQLClient(str(url.hostname), port_number=url.port)


def runs(**wanted: Any) -> list[dict[str, Any]]:
    """Return the runs that a filter finds, with what their steps gave and why they failed."""
    body = json.dumps({"query": FIND, "variables": {"filter": wanted}}).encode()
    request = Request(f"{os.environ['DAGSTER_URL']}/graphql", body, {"Content-Type": "application/json"})
    with urlopen(request, timeout=20) as answer:
        found: list[dict[str, Any]] = json.load(answer)["data"]["runsOrError"]["results"]
    return found


def write(marker: str) -> str | None:
    """Run the two steps, with the marker as a tag of the run."""
    return start_and_wait("platinfra_check", {"keep": {"config": {"text": marker}}}, {"marker": marker})


def find(marker: str) -> str | None:
    """Look for the run, and for what its second step showed."""
    found = runs(tags=[{"key": "marker", "value": marker}])
    if not found or found[0]["status"] != "SUCCESS":
        return "not found: the run"
    shown = [entry for event in found[0]["eventConnection"]["events"] for entry in event.get("metadataEntries") or []]
    return None if {"label": "turned", "text": marker[::-1]} in shown else "not found: the result"


def run(file: str, *arguments: str) -> str | None:
    """Run a file in a step; return why it failed."""
    config = {"file": str(Path(file).resolve()), "arguments": list(arguments)}
    return start_and_wait("platinfra_check_file", {"execute": {"config": config}}, {})


def start_and_wait(job: str, ops: dict[str, Any], tags: dict[str, str]) -> str | None:
    """Ask for a run and learn its end; return why it failed."""
    deadline = time.monotonic() + PATIENCE
    number = client().submit_job_execution(job, run_config={"ops": ops}, tags=tags)
    while (state := runs(runIds=[number])[0])["status"] not in ENDED:
        if time.monotonic() > deadline:
            return f"the run is {state['status']} after {PATIENCE:.0f} s"
        time.sleep(0.5)
    return None if state["status"] == "SUCCESS" else why(state)


def why(state: dict[str, Any]) -> str:
    """Return the first error of a run's steps."""
    errors = [event["error"] for event in state["eventConnection"]["events"] if event.get("error")]
    return str((errors[0]["cause"] or errors[0])["message"]).strip() if errors else "the run failed"


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("dagster: no answer within 130 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(130)
    actions: dict[str, Callable[..., str | None]] = {"write": write, "find": find, "run": run}
    try:
        sys.exit(actions[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"dagster: {error!r}")
