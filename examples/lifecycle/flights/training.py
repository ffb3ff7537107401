"""Training: a few trials on days before the last ones, then a model of the best of them."""

from dataclasses import dataclass
from importlib.metadata import version

import mlflow
import numpy as np
import optuna
import pandas as pd
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from threadpoolctl import threadpool_limits

from flights.features import CATEGORIES, Split, features, split
from flights.settings import BUDGET_SECONDS, SEED, TRIALS

Parameters = dict[str, float]
REQUIREMENTS = [f"{name}=={version(name)}" for name in ("mlflow", "scikit-learn", "skops", "numpy", "pandas", "scipy")]
TRUSTED = ["sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"]
"""What skops loads only where it is named: trees, which this project made itself."""
_ONE_THREAD = threadpool_limits.wrap(limits=1, user_api="openmp")
"""Small trees are grown faster by one thread than by several that wait for each other."""
optuna.logging.set_verbosity(optuna.logging.WARNING)


@dataclass(frozen=True)
class Trained:
    """A model, the address of its logged copy, and the probability from which on it calls a flight late."""

    model: Pipeline
    uri: str
    threshold: float


def build(parameters: Parameters) -> Pipeline:
    """Return an untrained model."""
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    table = make_column_transformer((encoder, CATEGORIES), remainder="passthrough", verbose_feature_names_out=False)
    boosting = HistGradientBoostingClassifier(max_iter=60, early_stopping=False, random_state=SEED, **parameters)
    return make_pipeline(table.set_output(transform="pandas"), boosting)


@_ONE_THREAD
def fit(parameters: Parameters, flights: pd.DataFrame) -> Pipeline:
    """Return a model of flights whose arrival is known."""
    return build(parameters).fit(features(flights), flights["late"])


@_ONE_THREAD
def probability(model: Pipeline, flights: pd.DataFrame) -> np.ndarray:
    """Return for each flight the probability that it arrives late."""
    return model.predict_proba(features(flights))[:, 1]


def tune(flights: pd.DataFrame, run_id: str, trials: int = TRIALS, seconds: float = BUDGET_SECONDS) -> Parameters:
    """Return the parameters that did best on the last days of training; each trial is a run below the given one."""
    parts = split(flights)

    def attempt(trial: optuna.Trial) -> float:
        parameters: Parameters = {
            "learning_rate": trial.suggest_float("learning_rate", 0.03, 0.2, log=True),
            "max_leaf_nodes": trial.suggest_int("max_leaf_nodes", 7, 31),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 40, 200),
            "l2_regularization": trial.suggest_float("l2_regularization", 0.1, 10.0, log=True),
        }
        model = fit(parameters, parts.training)
        reached = float(roc_auc_score(parts.held_out["late"], probability(model, parts.held_out)))
        with mlflow.start_run(run_name=f"trial {trial.number + 1}", nested=True):
            mlflow.log_params(parameters)
            mlflow.log_metric("tuning_roc_auc", reached)
        return reached

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=SEED))
    with mlflow.start_run(run_id=run_id):
        study.optimize(attempt, n_trials=trials, timeout=seconds)
        mlflow.log_params({**study.best_params, "trials": len(study.trials)})
    return study.best_params


def train(parts: Split, parameters: Parameters, run_id: str) -> Trained:
    """Train on all days but those held out, and log the model with an example and its signature."""
    model = fit(parameters, parts.training)
    threshold = float(parts.training["late"].mean())
    example = features(parts.held_out.head(5))
    with mlflow.start_run(run_id=run_id):
        mlflow.log_param("threshold", threshold)
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            pyfunc_predict_fn="predict_proba",
            signature=infer_signature(features(parts.held_out), model.predict_proba(example)),
            input_example=example,
            skops_trusted_types=TRUSTED,
            pip_requirements=REQUIREMENTS,
        )
    return Trained(model, logged.model_uri, threshold)
