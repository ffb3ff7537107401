"""Prove that Dask works: `write` by tasks and `find` what the scheduler keeps of them, `run FILE ARGS…` a file in a task."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from dask.distributed import Client

WITHIN = 100
"""Seconds for one task."""


def turn(text: str) -> str:
    """Reverse a text."""
    return text[::-1]


def execute(file: str, arguments: list[str]) -> str:
    """Run a Python file in a process of its own, with the environment of the worker; return why it failed, or nothing."""
    command = [sys.executable, file, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN, check=False)
    said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    return said if done.returncode else ""


def write(marker: str) -> str | None:
    """Reverse the marker by two tasks, the second of which takes what the first made, and publish the result."""
    with Client(timeout=20) as client:
        result = client.submit(turn, client.submit(turn, marker, key=f"{marker}-once"), key=f"{marker}-twice")
        if result.result(timeout=WITHIN) != marker:
            return "the tasks disagree"
        client.publish_dataset(result, name=marker)
    return None


def find(marker: str) -> str | None:
    """Look for what was published."""
    with Client(timeout=20) as client:
        if marker not in client.list_datasets():
            return "not found: the result"
        return None if client.get_dataset(marker).result(timeout=WITHIN) == marker else "not found: the value"


def run(file: str, *arguments: str) -> str | None:
    """Run a file in a task; return why it failed."""
    with Client(timeout=20) as client:
        task = client.submit(execute, str(Path(file).resolve()), list(arguments), pure=False)
        return task.result(timeout=WITHIN) or None


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("dask: no answer within 130 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(130)
    actions: dict[str, Callable[..., str | None]] = {"write": write, "find": find, "run": run}
    try:
        sys.exit(actions[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"dask: {error!r}")
