"""Fairness: whether some carriers or airports get more wrong answers than others."""

from dataclasses import dataclass

import mlflow
import pandas as pd
from fairlearn.metrics import MetricFrame, count, false_negative_rate, false_positive_rate
from matplotlib.figure import Figure

from flights.training import Trained, probability

GROUPS = ("carrier", "origin")
SMALLEST = 100
"""Held-out flights that a group needs; rates of smaller ones are mostly chance."""
RATES = {"false_positive_rate": false_positive_rate, "false_negative_rate": false_negative_rate}


@dataclass(frozen=True)
class Fairness:
    """Error rates by group, and for each rate the largest gap between two groups."""

    table: pd.DataFrame
    gaps: dict[str, float]


def fairness(trained: Trained, held_out: pd.DataFrame, run_id: str) -> Fairness:
    """Compare the errors that groups of flights get, and log the table, the gaps and a plot."""
    guessed = probability(trained.model, held_out) >= trained.threshold
    parts = {name: _rates(held_out["late"], guessed, held_out[name]) for name in GROUPS}
    gaps = {
        f"{name}_{rate}_gap": float(part[rate].max() - part[rate].min())
        for name, part in parts.items()
        for rate in RATES
    }
    table = pd.concat(parts, names=["by", "group"]).reset_index()
    with mlflow.start_run(run_id=run_id):
        mlflow.log_metrics(gaps)
        mlflow.log_table(table, "fairness.json")
        mlflow.log_figure(draw(table), "plots/fairness.png")
    return Fairness(table, gaps)


def draw(table: pd.DataFrame) -> Figure:
    """Draw the error rates of each group."""
    figure = Figure(figsize=(7, 6), layout="constrained")
    shown = table.assign(group=table["by"] + " " + table["group"]).set_index("group")[list(RATES)]
    shown.plot.barh(ax=figure.subplots(), xlim=(0, 1))
    return figure


def _rates(late: pd.Series, guessed: pd.Series, groups: pd.Series) -> pd.DataFrame:
    frame = MetricFrame(metrics={"flights": count, **RATES}, y_true=late, y_pred=guessed, sensitive_features=groups)
    found = frame.by_group[frame.by_group["flights"] >= SMALLEST]
    return found.astype({"flights": int}).rename_axis("group")
