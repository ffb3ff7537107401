"""Prove that KerasTuner works: `write` a search, whose trials go to the stack's tracker too, and `find` its trials."""

import os
import sys
from collections.abc import Callable

import keras
import keras_tuner
import numpy as np

TRIALS = 2
X = np.linspace(-1, 1, 32).reshape(-1, 1)


def build(found: keras_tuner.HyperParameters) -> keras.Model:
    """Make a model with the rate that the search proposes."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    rate = found.Float("rate", 1e-3, 1e-1, sampling="log")
    model.compile(optimizer=keras.optimizers.SGD(rate), loss="mse")
    return model


def tuner_of(marker: str, overwrite: bool = False) -> keras_tuner.Tuner:
    """Return the search of the marker's name, in the folder that code gets for them."""
    return keras_tuner.RandomSearch(
        build, objective="loss", max_trials=TRIALS, directory=os.environ["KERAS_TUNER_RESULTS"],
        project_name=marker, overwrite=overwrite,
    )  # fmt: skip


def write(marker: str) -> str | None:
    """Search for the best rate of learning to triple a number."""
    tuner = tuner_of(marker, overwrite=True)
    tuner.search(X, 3 * X, epochs=1, verbose=0)
    for trial in tuner.oracle.get_best_trials(TRIALS):
        track(marker, trial.hyperparameters.values, trial.score)
    return None


def find(marker: str) -> str | None:
    """Look for the trials, and for their runs in the tracker."""
    scores = [each.score for each in tuner_of(marker).oracle.get_best_trials(TRIALS)]
    return find_in_tracker(marker) if len(scores) == TRIALS else f"not found: {TRIALS} trials, only {scores}"


def track(name: str, params: dict[str, float], loss: float) -> None:
    """Log a trial as a run, where the stack has MLflow."""
    if os.environ.get("MLFLOW_TRACKING_URI"):
        import mlflow

        mlflow.set_experiment("platinfra-check")
        with mlflow.start_run(run_name=f"keras-tuner-{name}", tags={"study": name}):
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
        sys.exit(f"keras-tuner: {error!r}")
