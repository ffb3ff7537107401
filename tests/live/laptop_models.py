"""
Use what a laptop serves as people do, in the environment of the stack's clients.

`register KIND [ALIAS]` logs a model and lets the alias, `champion` without one, name it; `predict` prints what the model of the alias says itself of two rows.
"""

import json
import sys

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression, LogisticRegression

TABLE = pd.DataFrame({"x": [0.0, 1.0, 2.0], "n": [1, 2, 3]})
ASKED = pd.DataFrame({"x": [1.5, 4.0], "n": [1, 2]})
KINDS = {
    "numbers": (LinearRegression(), [1.0, 3.0, 6.0]),
    "words": (LogisticRegression(), ["low", "high", "high"]),
    "unsigned": (LinearRegression(), [1.0, 3.0, 6.0]),
}


def register(kind: str, alias: str = "champion") -> None:
    """Log a model of some kind, and register it under the alias."""
    model, answers = KINDS[kind]
    model.fit(TABLE, answers)
    signed = {"signature": infer_signature(TABLE, model.predict(TABLE)), "input_example": TABLE}
    mlflow.set_experiment("wine")
    with mlflow.start_run():
        told = {} if kind == "unsigned" else signed
        logged = mlflow.sklearn.log_model(model, name="model", serialization_format="cloudpickle", **told)
    version = mlflow.register_model(logged.model_uri, "wine").version
    MlflowClient().set_registered_model_alias("wine", alias, version)
    print(version)


def predict() -> None:
    """Let the model of the alias predict here."""
    print(json.dumps(list(mlflow.pyfunc.load_model("models:/wine@champion").predict(ASKED))))


if __name__ == "__main__":
    {"register": register, "predict": predict}[sys.argv[1]](*sys.argv[2:])
