"""NannyML: hand it the reference and what was served, and hear what drifted; an alert goes out through MLflow."""

import os
from typing import Any

import httpx
import mlflow
import pandas as pd

from tumours.data import TARGET, inputs
from tumours.registry import MODEL

DISTANCE = "_jensen_shannon"
"""How NannyML compares a column: between the reference and what was served."""
PATIENCE = 180.0
"""Seconds that a look may take."""


def watch(reference: pd.DataFrame, answers: list[int], served: pd.DataFrame, served_answers: list[int]) -> list[str]:
    """Give NannyML both tables, have it look, and return the columns that drifted."""
    known = inputs(reference).assign(y_pred=answers, y_true=reference[TARGET].to_numpy())
    with httpx.Client(base_url=os.environ["NANNYML_URL"], timeout=PATIENCE) as desk:
        for place, table in (("reference", known), ("current", served.assign(y_pred=served_answers))):
            desk.put(f"/{place}/{MODEL}.csv", content=table.to_csv(index=False)).raise_for_status()
        report: dict[str, Any] = desk.post("/look").raise_for_status().json()
    found = (each["metric"] for each in report["results"]["findings"] if each["alert"])
    return sorted(name.removesuffix(DISTANCE) for name in found if name.endswith(DISTANCE))


def alert(version: str, columns: list[str]) -> None:
    """Say at the served version what drifted: whoever listens to the registry hears of it."""
    mlflow.MlflowClient().set_model_version_tag(MODEL, version, "drift", ", ".join(columns)[:5000])
