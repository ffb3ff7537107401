"""The pipeline: steps of ZenML, whose artifacts lie in the stack's object store."""

from pathlib import Path

import pandas as pd
from zenml import pipeline, step
from zenml.client import Client

from tumours import data, registry, tuning


@step
def load(pointer: str) -> pd.DataFrame:
    """Fetch the data through DVC."""
    return data.pull(Path(pointer))


@step
def tune(table: pd.DataFrame, version: str) -> tuning.Best:
    """Find the best candidate on Ray."""
    return tuning.tune_on_ray(data.split(table)[0], {"data": version})


@step
def train_and_register(table: pd.DataFrame, best: tuning.Best, version: str) -> str:
    """Train the best candidate and make it the champion of both registries; return its version in MLflow."""
    model, address = registry.train(*data.split(table), best, {"data": version})
    return registry.register(model, address)[0]


@pipeline(name="tumours", enable_cache=False)
def train_tumours(pointer: str, version: str) -> None:
    """Go from versioned data to a registered champion."""
    table = load(pointer)
    train_and_register(table, tune(table, version), version)


def run(pointer: Path) -> str:
    """Run the pipeline; return the version of the champion."""
    ended = train_tumours(str(pointer), data.version_of(pointer))
    steps = Client().get_pipeline_run(ended.id).steps
    return str(steps["train_and_register"].output.load())
