"""One look at the data: compare current with reference data, and add the report of their drift to the workspace."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from evidently import Report
from evidently.presets import DataDriftPreset
from evidently.ui.workspace import RemoteWorkspace

from data_looks import reports, tables
from data_looks.names import CURRENT, REFERENCE
from data_looks.reports import Finding
from model_server.objects import objects_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

_DRIFT = "evidently:metric_v2:ValueDrift"


def main() -> None:
    """Look once; no data yet is no failure."""
    options = parser().parse_args()
    objects = objects_at(os.environ["STORE_URL"])
    both = tables.read_both(objects, options.files)
    if both is None:
        return
    began = datetime.now(UTC)
    names = shared_columns(*both, options.leave_out)
    drift = Report([DataDriftPreset()], include_tests=True, tags=["scheduled"]).run(both[1][names], both[0][names])
    found = [asdict(each) for each in findings(drift.dict())]
    report = {
        "time": began.timestamp(),
        "folder": reports.folder_of(began),
        "rows": {REFERENCE: len(both[0]), CURRENT: len(both[1])},
        "findings": found,
        "project": options.project,
        "report": add(options.project, drift),
    }
    reports.keep(objects, report)
    reports.show(found)


def shared_columns(reference: pd.DataFrame, current: pd.DataFrame, left_out: list[str]) -> list[str]:
    """Return the columns that both tables have values in; raise ValueError when there are none."""
    full = [set(table.columns[table.notna().any()]) for table in (reference, current)]
    found = [name for name in reference.columns if name in full[0] & full[1] and name not in left_out]
    if not found:
        message = "reference and current data have no column in common"
        raise ValueError(message)
    return found


def findings(drift: dict[str, Any]) -> Iterator[Finding]:
    """Yield the drift of each column: a p-value or a distance, as its test has it, which alerts when it fails."""
    failed = {each["bound_test"]["metric_fingerprint"] for each in drift["tests"] if each["status"] == "FAIL"}
    for each in drift["metrics"]:
        if each["config"]["type"] == _DRIFT:
            yield Finding("drift", each["config"]["column"], float(each["value"]), each["id"] in failed)


def add(name: str, drift: Any) -> str:
    """Add a report to a project of the server's workspace; return its identifier."""
    workspace = RemoteWorkspace(os.environ["EVIDENTLY_URL"])
    project = next(iter(workspace.search_project(name)), None) or workspace.create_project(name)
    return str(workspace.add_run(project.id, drift).id)


def parser() -> argparse.ArgumentParser:
    """Make the parser of what is compared, and where the report goes."""
    made = argparse.ArgumentParser(description="Compare current data with reference data.")
    made.add_argument("--leave-out", type=lambda text: [each for each in text.split(",") if each], default=[])
    made.add_argument("--files", type=int, default=50)
    made.add_argument("--project", default="evidently")
    return made


if __name__ == "__main__":
    main()
