"""Triton: wait for a version, ask it for predictions by the V2 protocol."""

import os
import sys
import time
from urllib.parse import urlparse

import httpx
import pandas as pd
from tritonclient.http import InferenceServerClient, InferInput

from tumours.registry import MODEL

PATIENCE = 300
"""Seconds a server may take to load a version; the first one also installs the model's packages."""


def wait_for(version: str) -> None:
    """Return as soon as the server serves this version of the model."""
    deadline = time.monotonic() + PATIENCE
    while (health := ask_health()).get("version") != version or health.get("status") != "serving":
        if time.monotonic() > deadline:
            sys.exit(f"Triton does not serve version {version}: {health}")
        time.sleep(1)


def ask_health() -> dict[str, str]:
    """Return what the server says about itself."""
    health = httpx.get(f"{os.environ['TRITON_STATUS_URL']}/health", timeout=10).json()
    return {key: str(value) for key, value in health.items()}


def predict(rows: pd.DataFrame) -> list[int]:
    """Send rows to Triton, a tensor for each column, and return its answers."""
    client = InferenceServerClient(urlparse(os.environ["TRITON_URL"]).netloc)
    asked = [InferInput(each, [len(rows)], "FP64") for each in rows.columns]
    for each, column in zip(asked, rows.columns, strict=True):
        each.set_data_from_numpy(rows[column].to_numpy(dtype="float64"))
    (output,) = (each["name"] for each in client.get_model_metadata(MODEL)["outputs"])
    return [int(each) for each in client.infer(MODEL, asked).as_numpy(output).reshape(-1)]
