"""Prove that ZenML works: `write` by a run of a pipeline and `find` its artifact, `run FILE ARGS…` a file in a step."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("ZENML_LOGGING_VERBOSITY", "ERROR")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "15")

from zenml import pipeline, step
from zenml.client import Client

NAME = "platinfra-check-zenml"  # also of the experiment in the tracker, where "platinfra-check" is of its own check


@step
def keep(text: str) -> str:
    """Do the first step: hand a text on, as an artifact."""
    return text


@step
def turn(text: str) -> str:
    """Do the second step: reverse what the first one kept, and tell the tracker if the stack has one."""
    if tracker():
        import mlflow

        mlflow.log_param("marker", text)
    return text[::-1]


@step
def execute(file: str, arguments: list[str]) -> None:
    """Run a Python file in a process of its own, with the environment of steps."""
    done = subprocess.run([sys.executable, file, *arguments], capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])


@pipeline(name=NAME, enable_cache=False)
def reverse(text: str) -> None:
    """Reverse a text in two steps."""
    turn.with_options(experiment_tracker=tracker())(keep(text))


@pipeline(name=f"{NAME}-file", enable_cache=False)
def run_file(file: str, arguments: list[str]) -> None:
    """Run a file as the only step."""
    execute(file, arguments)


def tracker() -> str | None:
    """Return the name of the stack's experiment tracker; None when there is none."""
    found = Client().active_stack.experiment_tracker
    return found.name if found else None


def write(marker: str) -> None:
    """Run a pipeline under the marker's name."""
    reverse.with_options(run_name=marker)(marker)


def find(marker: str) -> str | None:
    """Return what is missing of the run, what its steps made, and what the tracker was told."""
    runs = Client().list_pipeline_runs(name=marker).items
    if not runs or not runs[0].status.is_successful:
        return "not found: the run"
    steps = runs[0].steps
    if steps["keep"].output.load() != marker or steps["turn"].output.load() != marker[::-1]:
        return "not found: the artifacts"
    return find_in_tracker(marker) if tracker() else None


def find_in_tracker(marker: str) -> str | None:
    """Return what the experiment tracker lacks; ZenML's experiments there are called like the pipelines."""
    import mlflow

    chosen = f"params.marker = '{marker}'"
    found = mlflow.search_runs(experiment_names=[NAME], filter_string=chosen, output_format="list")
    return None if found else "not found: the run in the experiment tracker"


def run(file: str, *arguments: str) -> None:
    """Run a file in a step; what it raises ends the run."""
    run_file(str(Path(file).resolve()), list(arguments))


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("zenml: no answer within 120 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(120)
    actions: dict[str, Callable[..., str | None]] = {"write": write, "find": find, "run": run}
    try:
        sys.exit(actions[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"zenml: {error!r}")
