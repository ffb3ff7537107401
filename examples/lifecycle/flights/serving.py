"""The model server: wait for a version, ask it for probabilities."""

import os
import sys
import time

import httpx
import pandas as pd

from flights.features import features

PATIENCE = 300
"""Seconds a server may take to load a version; the first one also installs the model's packages."""


def wait_for(version: str) -> None:
    """Return as soon as the server answers with this version of the model."""
    deadline = time.monotonic() + PATIENCE
    while (health := ask_health()).get("version") != version or health.get("status") != "serving":
        if time.monotonic() > deadline:
            sys.exit(f"the model server does not serve version {version}: {health}")
        time.sleep(1)


def ask_health() -> dict[str, str]:
    """Return what the server says about itself."""
    health = httpx.get(f"{os.environ['MODEL_SERVER_URL']}/health", timeout=10).json()
    return {key: str(value) for key, value in health.items()}


def predict(flights: pd.DataFrame) -> list[float]:
    """Send flights to the server and return for each the probability that it arrives late."""
    rows = features(flights).astype(object).where(lambda table: table.notna(), None)
    body = {"dataframe_split": rows.to_dict(orient="split", index=False)}
    response = httpx.post(f"{os.environ['MODEL_SERVER_URL']}/invocations", json=body, timeout=60)
    return [late for _, late in response.raise_for_status().json()["predictions"]]
