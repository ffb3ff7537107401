"""Prove Kubeflow Pipelines: `write` by a pipeline of two steps and `find` its results, `run FILE ARGS…` a file in a step."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from kfp import compiler, dsl, local

ROOT = Path(os.environ["KFP_LOCAL_ROOT"]) / "platinfra-check"


# The text of a component is all that its step has, so each imports what it needs.
@dsl.component(install_kfp_package=False)
def turn(text: str) -> str:
    """Reverse a text."""
    return text[::-1]


@dsl.component(install_kfp_package=False)
def track(text: str) -> str:
    """Reverse a text, and log it to the tracker, where the stack has MLflow."""
    import os

    if os.environ.get("MLFLOW_TRACKING_URI"):
        import mlflow

        mlflow.set_experiment("platinfra-check")
        with mlflow.start_run(run_name=f"kubeflow-pipelines-{text[::-1]}"):
            mlflow.log_param("marker", text[::-1])
    return text[::-1]


@dsl.component(install_kfp_package=False)
def execute(command: list) -> str:
    """Run a command in a process of its own, with the environment of the step; return why it failed, or nothing."""
    import subprocess

    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    return said if done.returncode else ""


@dsl.pipeline(name="platinfra-check")
def twice(text: str) -> str:
    """Reverse a text by two steps, the second of which takes what the first made."""
    return track(text=turn(text=text).output).output


@dsl.pipeline(name="platinfra-check-file")
def once(command: list) -> str:
    """Run a command by one step."""
    return execute(command=command).output


def write(marker: str) -> str | None:
    """Run the two steps, and compile them for a cluster."""
    start(marker)
    if twice(text=marker).output != marker:
        return "the steps disagree"
    compiler.Compiler().compile(twice, str(ROOT / f"{marker}.yaml"))
    return None


def find(marker: str) -> str | None:
    """Look for what the steps left, the file for a cluster, and the run in the tracker."""
    results = [file.read_text() for file in (ROOT / marker).rglob("executor_output.json")]
    if not any(marker in each for each in results) or not any(marker[::-1] in each for each in results):
        return "not found: the results of both steps"
    if "exec-track" not in (ROOT / f"{marker}.yaml").read_text():
        return "not found: the compiled pipeline"
    return find_in_tracker(marker) if os.environ.get("MLFLOW_TRACKING_URI") else None


def find_in_tracker(marker: str) -> str | None:
    """Return what the experiment tracker lacks of the run that a step logged."""
    import mlflow

    chosen = f"params.marker = '{marker}'"
    found = mlflow.search_runs(search_all_experiments=True, filter_string=chosen, output_format="list")
    return None if found else "not found: the run in the experiment tracker"


def run(file: str, *arguments: str) -> str | None:
    """Run a file in a step; return why it failed."""
    start("files")
    return once(command=[sys.executable, str(Path(file).resolve()), *arguments]).output or None


def start(name: str) -> None:
    """Have pipelines run here, in processes of this environment, and leave their results in a folder of that name."""
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=str(ROOT / name))


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("kubeflow-pipelines: no answer within 130 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(130)
    if " " in sys.executable:  # it stands in the runner's shell commands as it is
        sys.exit("kubeflow-pipelines: its local runner cannot work in a folder with a blank in its path")
    actions: dict[str, Callable[..., str | None]] = {"write": write, "find": find, "run": run}
    try:
        sys.exit(actions[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"kubeflow-pipelines: {error!r}")
