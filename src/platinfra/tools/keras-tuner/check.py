"""Prove that KerasTuner works: `write` a search, whose trials go to the stack's tracker too, and `find` its trials."""

import os

import keras
import keras_tuner
import numpy as np

from client_check import check
from search_trials import find_tracked, track

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
        track("keras-tuner", marker, trial.hyperparameters.values, trial.score)
    return None


def find(marker: str) -> str | None:
    """Look for the trials, and for their runs in the tracker."""
    scores = [each.score for each in tuner_of(marker).oracle.get_best_trials(TRIALS)]
    return (
        find_tracked("keras-tuner", marker, TRIALS)
        if len(scores) == TRIALS
        else f"not found: {TRIALS} trials, only {scores}"
    )


if __name__ == "__main__":
    check("keras-tuner", write, find)
