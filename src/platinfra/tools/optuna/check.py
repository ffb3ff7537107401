"""Prove that Optuna works: `write` a study of two workers, and `find` its trials and its page."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from urllib.request import urlopen

import optuna
from optuna.storages import GrpcStorageProxy

TRIALS = 2
"""Of each worker."""
WORKERS = ("first", "second")


def study_of(marker: str) -> optuna.Study:
    """Return the study of the marker's name, which the workers share."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    host, _, port = os.environ["OPTUNA_STORAGE"].partition(":")
    return optuna.create_study(
        study_name=marker, storage=GrpcStorageProxy(host=host, port=int(port)), load_if_exists=True
    )


def write(marker: str) -> str | None:
    """Have two processes search in one study at the same time; return why one failed."""
    study_of(marker)
    command = [sys.executable, __file__, "search", marker]
    workers = [subprocess.Popen([*command, each], stderr=subprocess.PIPE, text=True) for each in WORKERS]
    said = [worker.communicate(timeout=50)[1] for worker in workers]
    failed = [text for worker, text in zip(workers, said, strict=True) if worker.returncode]
    return (failed[0].strip().splitlines() or ["a worker failed"])[-1] if failed else None


def search(marker: str, worker: str) -> None:
    """Try some values, as one of the workers."""

    def objective(trial: optuna.Trial) -> float:
        trial.set_user_attr("worker", worker)
        return float(trial.suggest_float("x", -1, 1) ** 2)

    study_of(marker).optimize(objective, n_trials=TRIALS)


def find(marker: str) -> str | None:
    """Look for the trials of each worker in the storage, and for the study in what the dashboard shows."""
    trials = study_of(marker).get_trials(states=[optuna.trial.TrialState.COMPLETE])
    counts = {worker: sum(each.user_attrs["worker"] == worker for each in trials) for worker in WORKERS}
    if counts != dict.fromkeys(WORKERS, TRIALS):
        return f"not found: trials of each worker, only {counts}"
    with urlopen(f"{os.environ['OPTUNA_DASHBOARD_URL']}/api/studies", timeout=15) as answer:
        names = {each["study_name"] for each in json.load(answer)["study_summaries"]}
    return None if marker in names else "not found: the study in the dashboard"


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("optuna: no answer within 55 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(55)
    actions: dict[str, Callable[..., str | None]] = {"write": write, "find": find, "search": search}
    try:
        sys.exit(actions[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"optuna: {error!r}")
