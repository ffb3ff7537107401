"""The workflows that `check.py` runs."""

import os
import subprocess
import sys
from pathlib import Path

from flytekit import current_context, task, workflow
from flytekit.types.file import FlyteFile

KEPT = f"{os.environ['FLYTE_ARTIFACTS']}/platinfra-check"


@task
def turn(text: str) -> FlyteFile:
    """Do the first step: keep the text in reverse, as a file."""
    file = Path(current_context().working_directory) / "turned.txt"
    file.write_text(text[::-1])
    return FlyteFile(str(file), remote_path=f"{KEPT}/{text}/turned.txt")


@task
def turn_back(turned: FlyteFile) -> FlyteFile:
    """Do the second step: reverse what the first one kept, and log it to the tracker, where the stack has MLflow."""
    text = Path(turned.download()).read_text()[::-1]
    if os.environ.get("MLFLOW_TRACKING_URI"):
        import mlflow

        mlflow.set_experiment("platinfra-check")
        with mlflow.start_run(run_name=f"flyte-{text}"):
            mlflow.log_param("marker", text)
    file = Path(current_context().working_directory) / "text.txt"
    file.write_text(text)
    return FlyteFile(str(file), remote_path=f"{KEPT}/{text}/text.txt")


@workflow
def twice(text: str) -> FlyteFile:
    """Reverse a text by two steps, the second of which takes what the first made."""
    return turn_back(turned=turn(text=text))


@task
def execute(command: list[str]) -> str:
    """Run a Python file in a process of its own, with the environment of tasks; return why it failed, or nothing."""
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=100, check=False)
    said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    return f"failed: {said}" if done.returncode else ""


@workflow
def once(command: list[str]) -> str:
    """Run a file by one step."""
    return execute(command=command)
