"""Prove that Hyperopt works: `write` a search, whose trials go to the stack's tracker too, and `find` its trials."""

import os
import pickle
from pathlib import Path

from hyperopt import fmin, hp, tpe

from client_check import check
from search_trials import find_tracked, track

TRIALS = 5


def file_of(marker: str) -> Path:
    """Return the file of the search's trials, in the folder that code gets for them."""
    return Path(os.environ["HYPEROPT_TRIALS"]) / f"{marker}.pickle"


def write(marker: str) -> str | None:
    """Search for the smallest square; return what is wrong with what was found."""

    def objective(x: float) -> float:
        track("hyperopt", marker, {"x": x}, x**2)
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
    return (
        find_tracked("hyperopt", marker, TRIALS)
        if len(losses) == TRIALS
        else f"not found: {TRIALS} trials, only {losses}"
    )


if __name__ == "__main__":
    check("hyperopt", write, find)
