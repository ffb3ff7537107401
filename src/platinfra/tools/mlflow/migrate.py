"""Bring a database of an earlier MLflow to this one: `mlflow db upgrade`, whose argument would show the password."""

import os

from mlflow.db import upgrade

if __name__ == "__main__":
    upgrade.callback(os.environ["MLFLOW_BACKEND_STORE_URI"])
