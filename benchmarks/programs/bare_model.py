"""
What a served model costs without any platform: `bare_model.py make FOLDER` and `bare_model.py serve FOLDER PORT`.

This runs in an environment with MLflow. The data are of scikit-learn; the application is the least that FastAPI needs.
"""

import sys

import mlflow
import pandas as pd


def make(folder: str) -> None:
    """Save a model of wines, with an example and the packages that are here."""
    from importlib.metadata import version

    from sklearn.datasets import load_wine
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    wines = load_wine(as_frame=True)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(wines.data, wines.target)
    packages = [f"{name}=={version(name)}" for name in ("mlflow", "scikit-learn", "cloudpickle", "pandas")]
    mlflow.sklearn.save_model(
        model,
        folder,
        signature=mlflow.models.infer_signature(wines.data, model.predict(wines.data)),
        input_example=wines.data.head(1),
        serialization_format="cloudpickle",
        pip_requirements=packages,
    )


def serve(folder: str, port: int) -> None:
    """Serve it: a table with one row, and `predict`."""
    import uvicorn
    from fastapi import FastAPI

    model, app = mlflow.pyfunc.load_model(folder), FastAPI()

    @app.post("/invocations")
    def score(body: dict) -> dict:
        table = body["dataframe_split"]
        return {"predictions": model.predict(pd.DataFrame(table["data"], columns=table["columns"])).tolist()}

    @app.get("/ping")
    def ping() -> str:
        return "ok"

    uvicorn.run(app, port=port, access_log=False, log_level="warning")


if __name__ == "__main__":
    verb, where, *rest = sys.argv[1:]
    make(where) if verb == "make" else serve(where, int(rest[0]))
