"""Training: every candidate becomes an MLflow run; the best becomes the registry's champion."""

from importlib.metadata import version

import matplotlib as mpl
import mlflow
import pandas as pd
from matplotlib.figure import Figure
from mlflow.models import infer_signature
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import ConfusionMatrixDisplay, accuracy_score, f1_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from wine.data import TARGET, inputs

mpl.use("Agg")  # a worker has no screen

EXPERIMENT = MODEL = "wine"
ALIAS = "champion"
REQUIREMENTS = [f"{name}=={version(name)}" for name in ("mlflow", "scikit-learn", "skops", "numpy", "pandas")]
CANDIDATES = {
    "logistic-regression": LogisticRegression(max_iter=1000),
    "support-vector-machine": SVC(C=2.0),
}


def build(candidate: str) -> Pipeline:
    """Return an untrained candidate."""
    return make_pipeline(StandardScaler(), clone(CANDIDATES[candidate]))


def train(candidate: str, training: pd.DataFrame, held_out: pd.DataFrame, tags: dict[str, str]) -> tuple[float, str]:
    """Train a candidate and log all there is to know about it; return its accuracy and the model's address."""
    mlflow.set_experiment(EXPERIMENT)
    with mlflow.start_run(run_name=candidate, tags=tags):
        mlflow.log_params(CANDIDATES[candidate].get_params())
        model = build(candidate).fit(inputs(training), training[TARGET])
        answers = model.predict(inputs(held_out))
        accuracy = accuracy_score(held_out[TARGET], answers)
        mlflow.log_metrics({"accuracy": accuracy, "f1": f1_score(held_out[TARGET], answers, average="macro")})
        mlflow.log_figure(confusion(held_out[TARGET], answers), "confusion-matrix.png")
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(inputs(held_out), answers),
            input_example=inputs(held_out).head(2),
            pip_requirements=REQUIREMENTS,
        )
    return accuracy, logged.model_uri


def confusion(truth: pd.Series, answers: pd.Series) -> Figure:
    """Draw which classes are taken for which."""
    return ConfusionMatrixDisplay.from_predictions(truth, answers, cmap="Reds").figure_


def promote(model_uri: str) -> str:
    """Register a model as the next version and make it the champion; return the version."""
    registered = mlflow.register_model(model_uri, MODEL)
    mlflow.MlflowClient().set_registered_model_alias(MODEL, ALIAS, registered.version)
    return registered.version
