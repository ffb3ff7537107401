"""Prove that MLflow works: `check.py write MARKER` leaves a run and a model tag, `check.py find MARKER` finds them."""

import os
import signal
import sys

os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "15")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

import mlflow
from mlflow import MlflowClient

NAME = "platinfra-check"


def write(marker: str) -> None:
    """Log a run with an artifact, and tag the registered model of this check."""
    mlflow.set_experiment(NAME)
    with mlflow.start_run(run_name=marker):
        mlflow.log_text(marker, "marker.txt")
    client = MlflowClient()
    if not client.search_registered_models(f"name = '{NAME}'"):
        client.create_registered_model(NAME)
    client.set_registered_model_tag(NAME, marker, "written")


def find(marker: str) -> str | None:
    """Return what is missing of the run, its artifact and the model's tag."""
    runs = mlflow.search_runs(
        experiment_names=[NAME], filter_string=f"attributes.run_name = '{marker}'", output_format="list"
    )
    if not runs:
        return "not found: the run"
    if mlflow.artifacts.load_text(f"{runs[0].info.artifact_uri}/marker.txt") != marker:
        return "not found: the artifact"
    return None if marker in MlflowClient().get_registered_model(NAME).tags else "not found: the model's tag"


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("mlflow: no answer within 55 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(55)
    try:
        sys.exit({"write": write, "find": find}[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"mlflow: {error!r}")
