"""Monitoring: how far the flights of today have moved from those that a model was trained on."""

import os
from typing import NamedTuple

import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset
from evidently.ui.workspace import RemoteWorkspace

from flights.features import features
from flights.settings import MODEL


class Drift(NamedTuple):
    """Which columns drifted, and the report that shows how."""

    columns: list[str]
    url: str


def report_drift(before: pd.DataFrame, now: pd.DataFrame, version: str) -> Drift:
    """Compare two tables of flights, and put the report into Evidently."""
    workspace = RemoteWorkspace(os.environ["EVIDENTLY_URL"])
    project = next(iter(workspace.search_project(MODEL)), None) or workspace.create_project(MODEL)
    snapshot = Report([DataDriftPreset()], tags=[f"version {version}"]).run(features(now), features(before))
    columns = [
        name
        for each in snapshot.dict()["metrics"]
        if (name := each["config"].get("column")) and is_beyond(each["value"], each["config"])
    ]
    return Drift(columns, workspace.add_run(project.id, snapshot).url)


def is_beyond(value: float, config: dict[str, object]) -> bool:
    """Tell whether a distance is beyond its threshold, or a probability of no change below it."""
    limit = float(str(config["threshold"]))
    return value < limit if "p_value" in str(config["method"]) else value >= limit
