"""Evaluation: a new model and the present champion on the same later days, which neither was trained on."""

from dataclasses import asdict, dataclass

import mlflow
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from flights.settings import CHAMPION, MODEL
from flights.training import Trained, probability


@dataclass(frozen=True)
class Scores:
    """How well probabilities fit what happened: two that should be high, two that should be low."""

    roc_auc: float
    average_precision: float
    log_loss: float
    brier: float


@dataclass(frozen=True)
class Champion:
    """The version that the registry calls champion, and its scores."""

    version: str
    scores: Scores


@dataclass(frozen=True)
class Evaluation:
    """Scores of a new model, and of the champion where there is one."""

    challenger: Scores
    champion: Champion | None


def score(late: pd.Series, guessed: np.ndarray) -> Scores:
    """Compare probabilities with what happened."""
    metrics = (roc_auc_score, average_precision_score, log_loss, brier_score_loss)
    return Scores(*(float(each(late, guessed)) for each in metrics))


def evaluate(trained: Trained, held_out: pd.DataFrame, run_id: str) -> Evaluation:
    """Score the new model and the champion on the held-out days, and log both."""
    guessed = probability(trained.model, held_out)
    found = Evaluation(score(held_out["late"], guessed), evaluate_champion(held_out))
    with mlflow.start_run(run_id=run_id):
        mlflow.log_metrics(asdict(found.challenger))
        if found.champion:
            mlflow.set_tag("compared_with", found.champion.version)
            mlflow.log_metrics({f"champion_{name}": each for name, each in asdict(found.champion.scores).items()})
        mlflow.log_figure(draw_calibration(held_out["late"], guessed), "plots/calibration.png")
    return found


def draw_calibration(late: pd.Series, guessed: np.ndarray) -> Figure:
    """Draw how often flights of each probability were late."""
    figure = Figure(layout="constrained")
    CalibrationDisplay.from_predictions(late, guessed, n_bins=10, strategy="quantile", ax=figure.subplots())
    return figure


def evaluate_champion(held_out: pd.DataFrame) -> Champion | None:
    """Score the champion of the registry on the same days; return None before there is one."""
    client = mlflow.MlflowClient()
    known = client.search_registered_models(f"name = '{MODEL}'")
    if not known or CHAMPION not in known[0].aliases:
        return None
    version = str(client.get_model_version_by_alias(MODEL, CHAMPION).version)
    model = mlflow.sklearn.load_model(f"models:/{MODEL}/{version}")
    return Champion(version, score(held_out["late"], probability(model, held_out)))
