"""The registries: MLflow names the version that Triton serves, BentoML's store keeps the same model for its own clients."""

import os
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import bentoml
import mlflow
import pandas as pd
from mlflow.models import infer_signature
from sklearn.pipeline import Pipeline

from tumours.data import TARGET, inputs
from tumours.tuning import EXPERIMENT, Best, build

MODEL, ALIAS = "tumours", "champion"
REQUIREMENTS = [f"{name}=={version(name)}" for name in ("mlflow", "scikit-learn", "skops", "numpy", "pandas")]


def train(table: pd.DataFrame, held_out: pd.DataFrame, best: Best, tags: dict[str, str]) -> tuple[Pipeline, str]:
    """Train the best candidate on all rows, log it, and return it with the address of its model."""
    mlflow.set_experiment(EXPERIMENT)
    with mlflow.start_run(run_name="champion", tags=tags):
        model = build(best.strength).fit(inputs(table), table[TARGET])
        mlflow.log_params({"strength": best.strength, "trials": best.trials})
        mlflow.log_metric("held_out_accuracy", model.score(inputs(held_out), held_out[TARGET]))
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(inputs(held_out), model.predict(inputs(held_out))),
            input_example=inputs(held_out).head(2),
            pip_requirements=REQUIREMENTS,
        )
    return model, logged.model_uri


def register(model: Pipeline, address: str) -> tuple[str, str]:
    """Register a model in MLflow, from where Triton serves it, and in BentoML's store; return version and tag."""
    registered = mlflow.register_model(address, MODEL)
    tag = _push(model, {"mlflow_version": str(registered.version)})
    mlflow.MlflowClient().set_registered_model_alias(MODEL, ALIAS, registered.version)
    return str(registered.version), tag


def _push(model: Pipeline, labels: dict[str, str]) -> str:
    """Save a model with BentoML's client and push it to the stack's store."""
    with TemporaryDirectory() as folder, bentoml.SyncHTTPClient(os.environ["BENTOML_REGISTRY_URL"]) as store:
        saved = bentoml.sklearn.save_model(MODEL, model, labels=labels)
        try:
            tag = store.push(file=Path(bentoml.models.export_model(saved.tag, f"{folder}/model.bentomodel")))
        finally:
            bentoml.models.delete(saved.tag)
        store.promote(tag=tag, alias=ALIAS)
    return str(tag)
