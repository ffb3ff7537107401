"""Explanation: what moves the probabilities of a model, by SHAP."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import mlflow
import numpy as np
import pandas as pd
import shap

from flights.features import features
from flights.settings import SEED
from flights.training import Trained

mpl.use("Agg")  # a worker has no screen
SAMPLE = 400
"""Flights that are explained."""


def explain(trained: Trained, held_out: pd.DataFrame, run_id: str) -> dict[str, float]:
    """Return the mean influence of each column on the log-odds, the greatest first, and log it with a plot."""
    sample = features(held_out.sample(min(SAMPLE, len(held_out)), random_state=SEED))
    values = shap.TreeExplainer(trained.model[-1])(trained.model[:-1].transform(sample))
    mean = np.abs(values.values).mean(axis=0)
    influence = {name: float(each) for name, each in zip(values.feature_names, mean, strict=True)}
    ranked = dict(sorted(influence.items(), key=lambda each: -each[1]))
    figure = plt.figure(layout="constrained")
    shap.plots.beeswarm(values, max_display=12, plot_size=None, show=False)
    with mlflow.start_run(run_id=run_id):
        mlflow.log_figure(figure, "plots/shap.png")
        mlflow.log_dict(ranked, "explanation.json")
    plt.close(figure)
    return ranked
