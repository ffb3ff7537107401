"""The flow that `check.py run` sends through the worker."""

import subprocess
import sys

from prefect import flow


@flow(name="run-file")
def run_file(file: str, arguments: list[str]) -> None:
    """Run a Python file in a process of its own, with the environment of the worker."""
    done = subprocess.run([sys.executable, file, *arguments], capture_output=True, text=True, timeout=50, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])
