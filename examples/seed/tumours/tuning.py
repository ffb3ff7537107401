"""Tuning: Ray tries each candidate on the stack's cluster, and MLflow has a run of every trial."""

import os
from dataclasses import dataclass
from typing import Any

import mlflow
import pandas as pd
import ray
from ray import tune
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from tumours.data import TARGET, inputs

EXPERIMENT = "tumours"
STRENGTHS = (0.01, 0.1, 1.0)
"""Of regularization: the candidates."""


@dataclass(frozen=True)
class Best:
    """The best candidate, with its mean accuracy in cross-validation and the number of trials."""

    strength: float
    accuracy: float
    trials: int


def build(strength: float) -> Pipeline:
    """Return an untrained candidate."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=2000))


def tune_on_ray(table: pd.DataFrame, tags: dict[str, str]) -> Best:
    """Try every candidate as a trial of Ray Tune."""
    ray.init(ignore_reinit_error=True, log_to_driver=False, logging_level="ERROR")

    def trial(config: dict[str, float]) -> None:
        mlflow.set_experiment(EXPERIMENT)
        with mlflow.start_run(run_name=f"trial C={config['strength']}", tags=tags):
            scores = cross_val_score(build(config["strength"]), inputs(table), table[TARGET], cv=3)
            mlflow.log_params(config)
            mlflow.log_metric("accuracy", scores.mean())
        tune.report({"accuracy": scores.mean()})

    try:
        tuner = tune.Tuner(
            tune.with_resources(trial, {"cpu": 1}),
            param_space={"strength": tune.grid_search(list(STRENGTHS))},
            tune_config=tune.TuneConfig(metric="accuracy", mode="max"),
            run_config=tune.RunConfig(storage_path=os.environ["RAY_RESULTS"], name="tumours", verbose=0),
        )
        found = tuner.fit()
    finally:
        ray.shutdown()
    if found.errors:
        raise found.errors[0]
    best = found.get_best_result()
    config: dict[str, Any] = best.config or {}
    return Best(config["strength"], best.metrics["accuracy"], len(found))
