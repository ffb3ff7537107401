"""Prove that Vizier works: `write` a study of two clients, whose trials go to the stack's tracker too, and `find` it."""

import os

from vizier.service import clients
from vizier.service import pyvizier as vz

from client_check import check
from search_trials import find_tracked, track

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
            track("vizier", marker, {"x": x}, x**2)
    return None


def find(marker: str) -> str | None:
    """Look for the trials and for the best of them, and for their runs in the tracker."""
    study = clients.Study.from_resource_name(f"owners/{OWNER}/studies/{marker}")
    losses = [each.materialize().final_measurement.metrics["loss"].value for each in study.trials()]
    best = [each.materialize().final_measurement.metrics["loss"].value for each in study.optimal_trials()]
    if len(losses) != TRIALS or best != [min(losses)]:
        return f"not found: {TRIALS} trials and the best of them, only {losses} and {best}"
    return find_tracked("vizier", marker, TRIALS)


if __name__ == "__main__":
    check("vizier", write, find)
