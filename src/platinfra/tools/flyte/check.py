"""Prove that Flyte works: `write` by a workflow of two steps and `find` its results, `run FILE ARGS…` a file in a step."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

WITHIN = 120
"""Seconds for one workflow."""


def write(marker: str) -> str | None:
    """Run the two steps, with their files in the object store."""
    done = start("twice", "--text", marker)
    return None if done.returncode == 0 else last(done.stderr or done.stdout)


def find(marker: str) -> str | None:
    """Look for the files of both steps, and for the run in the tracker."""
    kept = {
        file.read_text() for file in (Path(os.environ["FLYTE_ARTIFACTS"]) / "platinfra-check" / marker).glob("*.txt")
    }
    if not {marker, marker[::-1]} <= kept:
        return "not found: the files of both steps"
    return find_in_tracker(marker) if os.environ.get("MLFLOW_TRACKING_URI") else None


def find_in_tracker(marker: str) -> str | None:
    """Return what the experiment tracker lacks of the run that a step logged."""
    import mlflow

    chosen = f"params.marker = '{marker}'"
    found = mlflow.search_runs(search_all_experiments=True, filter_string=chosen, output_format="list")
    return None if found else "not found: the run in the experiment tracker"


def run(file: str, *arguments: str) -> str | None:
    """Run a file in a step; return why it failed."""
    done = start("once", "--command", json.dumps([str(Path(file).resolve()), *arguments]))
    if done.returncode:
        return last(done.stderr or done.stdout)
    said = last(done.stdout)
    return said if said.startswith("failed: ") else None


def start(workflow: str, *inputs: str) -> subprocess.CompletedProcess[str]:
    """Run a workflow of the file beside this one to its end, as people do."""
    tasks = str(Path(__file__).with_name("tasks.py"))
    program = [sys.executable, "-m", "flytekit.clis.sdk_in_container.pyflyte"]
    command = [*program, "run", tasks, workflow, *inputs]
    return subprocess.run(command, capture_output=True, text=True, timeout=WITHIN, check=False)


def last(text: str) -> str:
    """Return the last line that says something."""
    return ([line for line in text.splitlines() if line.strip()] or [""])[-1]


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("flyte: no answer within 130 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(130)
    actions: dict[str, Callable[..., str | None]] = {"write": write, "find": find, "run": run}
    try:
        sys.exit(actions[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"flyte: {error!r}")
