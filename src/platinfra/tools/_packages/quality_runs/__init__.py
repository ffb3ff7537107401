"""What checks of tools that validate data have in common: a report goes to the stack's tracker too, and is found there again."""

import os
from collections.abc import Mapping
from typing import Any

__all__ = ["find_tracked", "track"]

_REPORT = "report.json"


def track(tool: str, marker: str, failures: int, report: Mapping[str, Any]) -> None:
    """Log a report as a run, with the number of `failures` in it, where the stack has MLflow."""
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        return
    import mlflow

    mlflow.set_experiment("platinfra-check")
    with mlflow.start_run(run_name=f"{tool}-{marker}", tags={"validation": f"{tool}-{marker}"}):
        mlflow.log_metric("failures", failures)
        mlflow.log_dict(dict(report), _REPORT)


def find_tracked(tool: str, marker: str) -> dict[str, Any] | str | None:
    """Return the report that MLflow keeps, or what is missing in a sentence; None where the stack has no MLflow."""
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        return None
    import mlflow

    chosen = f"tags.validation = '{tool}-{marker}'"
    runs = mlflow.search_runs(search_all_experiments=True, filter_string=chosen, output_format="list")
    if not [each for each in runs if each.data.metrics.get("failures")]:
        return "not found: a run with failures"
    return dict(mlflow.artifacts.load_dict(f"{runs[0].info.artifact_uri}/{_REPORT}"))
