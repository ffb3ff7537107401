"""What checks of tools that search have in common: trials go to the stack's tracker too, and are found there again."""

import os
from collections.abc import Mapping
from typing import Any

__all__ = ["find_tracked", "track"]


def track(tool: str, marker: str, params: Mapping[str, Any], loss: float) -> None:
    """Log a trial as a run, where the stack has MLflow."""
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        return
    import mlflow

    mlflow.set_experiment("platinfra-check")
    with mlflow.start_run(run_name=f"{tool}-{marker}", tags={"study": f"{tool}-{marker}"}):
        mlflow.log_params(dict(params))
        mlflow.log_metric("loss", loss)


def find_tracked(tool: str, marker: str, count: int) -> str | None:
    """Return what MLflow lacks of the runs of `count` trials; None also where the stack has no MLflow."""
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        return None
    import mlflow

    chosen = f"tags.study = '{tool}-{marker}'"
    runs = mlflow.search_runs(search_all_experiments=True, filter_string=chosen, output_format="list")
    losses = [each.data.metrics["loss"] for each in runs if "loss" in each.data.metrics]
    return None if len(losses) == count else f"not found: {count} runs, only {losses}"
