"""Prove that Metaflow works: `write` by a flow of two steps and `find` its result, `run FILE ARGS…` a file in a step."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from metaflow import Flow
from metaflow.exception import MetaflowNotFound

WITHIN = 120
"""Seconds for one flow."""


def write(marker: str) -> str | None:
    """Run the two steps, with the marker as a tag of the run."""
    return start("flow.py", marker, "--text", marker)


def find(marker: str) -> str | None:
    """Look for the run and what its steps kept."""
    found = find_run("PlatinfraCheck", marker)
    if found is None or not found.successful:
        return "not found: the run"
    data = found["end"].task.data
    return None if (data.kept, data.turned) == (marker, marker[::-1]) else "not found: the results"


def run(file: str, *arguments: str) -> str | None:
    """Run a file in a step; return why it failed."""
    tag = uuid4().hex
    problem = start("run_file.py", tag, "--command", json.dumps([str(Path(file).resolve()), *arguments]))
    found = find_run("PlatinfraCheckFile", tag)
    return problem or (found["start"].task.data.said or None if found else "not found: the run")


def start(flow: str, tag: str, *parameters: str) -> str | None:
    """Run a flow beside this file to its end; return why it failed."""
    command = [sys.executable, str(Path(__file__).with_name(flow)), "--no-pylint", "run", "--tag", tag, *parameters]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN, check=False)
    said = (done.stderr or done.stdout).strip().splitlines()
    return (said or [f"exit code {done.returncode}"])[-1] if done.returncode else None


def find_run(flow: str, tag: str) -> Any:
    """Return the run of a flow with a tag; None when there is none."""
    try:
        return next(iter(Flow(flow).runs(tag)), None)
    except MetaflowNotFound:
        return None


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("metaflow: no answer within 130 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(130)
    actions: dict[str, Callable[..., str | None]] = {"write": write, "find": find, "run": run}
    try:
        sys.exit(actions[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"metaflow: {error!r}")
