"""Prove that Hyperopt works: `write` a search, whose trials go to the stack's tracker too, and `find` its trials."""

import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path

from hyperopt import fmin, hp, tpe

TRIALS = 5


def file_of(marker: str) -> Path:
    """Return the file of the search's trials, in the folder that code gets for them."""
    return Path(os.environ["HYPEROPT_TRIALS"]) / f"{marker}.pickle"


def write(marker: str) -> str | None:
    """Search for the smallest square; return what is wrong with what was found."""

    def objective(x: float) -> float:
        track(marker, {"x": x}, x**2)
        return float(x**2)

    space = hp.uniform("x", -1, 1)
    best = fmin(objective, space, tpe.suggest, TRIALS, trials_save_file=str(file_of(marker)), show_progressbar=False)
    return None if abs(best["x"]) < 1 else f"it found {best}"


def find(marker: str) -> str | None:
    """Look for the trials, and for their runs in the tracker."""
    file = file_of(marker)
    if not file.exists():
        return "not found: the trials"
    losses = pickle.loads(file.read_bytes()).losses()
    return find_in_tracker(marker) if len(losses) == TRIALS else f"not found: {TRIALS} trials, only {losses}"


def track(name: str, params: dict[str, float], loss: float) -> None:
    """Log a trial as a run, where the stack has MLflow."""
    if os.environ.get("MLFLOW_TRACKING_URI"):
        import mlflow

        mlflow.set_experiment("platinfra-check")
        with mlflow.start_run(run_name=f"hyperopt-{name}", tags={"study": name}):
            mlflow.log_params(params)
            mlflow.log_metric("loss", loss)


def find_in_tracker(name: str) -> str | None:
    """Return what MLflow lacks of the runs of the trials."""
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        return None
    import mlflow

    chosen = f"tags.study = '{name}'"
    runs = mlflow.search_runs(search_all_experiments=True, filter_string=chosen, output_format="list")
    losses = [each.data.metrics.get("loss") for each in runs]
    return (
        None
        if len([each for each in losses if each is not None]) == TRIALS
        else f"not found: {TRIALS} runs, only {losses}"
    )


if __name__ == "__main__":
    actions: dict[str, Callable[[str], str | None]] = {"write": write, "find": find}
    try:
        sys.exit(actions[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"hyperopt: {error!r}")
