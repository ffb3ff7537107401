"""Prove that Vizier works: `write` a study of two clients, whose trials go to the stack's tracker too, and `find` it."""

import os
import signal
import sys
from collections.abc import Callable

from vizier.service import clients
from vizier.service import pyvizier as vz

TRIALS = 4
OWNER = "platinfra-check"

clients.environment_variables.server_endpoint = os.environ["VIZIER_ENDPOINT"]


def write(marker: str) -> str | None:
    """Have two clients search for the smallest square in one study."""
    config = vz.StudyConfig(algorithm="RANDOM_SEARCH")
    config.search_space.root.add_float_param("x", -1, 1)
    config.metric_information.append(vz.MetricInformation("loss", goal=vz.ObjectiveMetricGoal.MINIMIZE))
    study = clients.Study.from_study_config(config, owner=OWNER, study_id=marker)
    for number in range(TRIALS):
        for trial in study.suggest(count=1, client_id=f"worker-{number % 2}"):
            x = float(trial.parameters["x"])
            trial.complete(vz.Measurement({"loss": x**2}))
            track(marker, {"x": x}, x**2)
    return None


def find(marker: str) -> str | None:
    """Look for the trials and for the best of them, and for their runs in the tracker."""
    study = clients.Study.from_resource_name(f"owners/{OWNER}/studies/{marker}")
    losses = [each.materialize().final_measurement.metrics["loss"].value for each in study.trials()]
    best = [each.materialize().final_measurement.metrics["loss"].value for each in study.optimal_trials()]
    if len(losses) != TRIALS or best != [min(losses)]:
        return f"not found: {TRIALS} trials and the best of them, only {losses} and {best}"
    return find_in_tracker(marker)


def track(name: str, params: dict[str, float], loss: float) -> None:
    """Log a trial as a run, where the stack has MLflow."""
    if os.environ.get("MLFLOW_TRACKING_URI"):
        import mlflow

        mlflow.set_experiment("platinfra-check")
        with mlflow.start_run(run_name=f"vizier-{name}", tags={"study": name}):
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


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("vizier: no answer within 55 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(55)
    actions: dict[str, Callable[[str], str | None]] = {"write": write, "find": find}
    try:
        sys.exit(actions[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"vizier: {error!r}")
