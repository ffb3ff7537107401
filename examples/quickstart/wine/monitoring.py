"""Monitoring: how far what the model is asked has drifted from what it was trained with."""

import os
from typing import NamedTuple

import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset
from evidently.ui.workspace import RemoteWorkspace

PROJECT = "wine"


class Drift(NamedTuple):
    """How many columns drifted, and the report that says which."""

    columns: int
    share: float
    url: str


def report_drift(training: pd.DataFrame, served: pd.DataFrame, version: str) -> Drift:
    """Compare what was served with what the model was trained on, and put the report into Evidently."""
    workspace = RemoteWorkspace(os.environ["EVIDENTLY_URL"])
    project = next(iter(workspace.search_project(PROJECT)), None) or workspace.create_project(PROJECT)
    snapshot = Report([DataDriftPreset()], tags=[f"version {version}"]).run(served, training)
    drifted = snapshot.dict()["metrics"][0]["value"]
    return Drift(int(drifted["count"]), drifted["share"], workspace.add_run(project.id, snapshot).url)
