"""What checks of tools that search have in common: trials go to the stack's tracker too, and are found there again."""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any

_PATIENCE = 55
"""Seconds that a check may take: its caller waits little longer."""
Action = Callable[[str], str | None]
"""Takes the marker, and returns what is wrong."""


def track(tool: str, marker: str, params: Mapping[str, Any], loss: float) -> None:
    """Log a trial as a run, where the stack has MLflow."""
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        return
    import mlflow

    mlflow.set_experiment("platinfra-check")
    with mlflow.start_run(run_name=f"{tool}-{marker}", tags={"study": marker}):
        mlflow.log_params(dict(params))
        mlflow.log_metric("loss", loss)


def find_tracked(marker: str, count: int) -> str | None:
    """Return what MLflow lacks of the runs of `count` trials; None also where the stack has no MLflow."""
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        return None
    import mlflow

    chosen = f"tags.study = '{marker}'"
    runs = mlflow.search_runs(search_all_experiments=True, filter_string=chosen, output_format="list")
    losses = [each.data.metrics["loss"] for each in runs if "loss" in each.data.metrics]
    return None if len(losses) == count else f"not found: {count} runs, only {losses}"


def check(tool: str, write: Action, find: Action) -> None:
    """Do what the arguments of the script say, `write MARKER` or `find MARKER`, and end with why it failed."""
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"{tool}: no answer within {_PATIENCE} s"))
    signal.alarm(_PATIENCE)
    try:
        sys.exit({"write": write, "find": find}[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:  # whatever the tool's client raises
        sys.exit(f"{tool}: {error!r}")
