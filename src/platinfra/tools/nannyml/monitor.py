"""One look at the data: read it from the object store, calculate, keep the results, tell the tracker."""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calculations import CLASSIFICATION, REGRESSION, Columns, findings, results

from data_looks import reports, tables
from data_looks.names import CURRENT, REFERENCE
from model_server.objects import objects_at

if TYPE_CHECKING:
    import pandas as pd

    from data_looks.reports import Finding
    from model_server.objects import Objects


def main() -> None:
    """Look once; no data yet is no failure."""
    options = parser().parse_args()
    objects = objects_at(os.environ["STORE_URL"])
    both = tables.read_both(objects, options.files)
    if both is None:
        return
    columns = Columns(
        options.kind, options.target, options.prediction, options.score, options.timestamp, tuple(options.leave_out)
    )
    report = look(objects, *both, columns, options.chunks)
    reports.show(report["findings"])
    if "MLFLOW_TRACKING_URI" in os.environ:
        track(options.experiment, report)


def look(
    objects: Objects, reference: pd.DataFrame, current: pd.DataFrame, columns: Columns, chunks: int
) -> dict[str, Any]:
    """Keep a table for each calculation, and a report of the newest chunk; return the report."""
    began = datetime.now(UTC)
    folder = reports.folder_of(began)
    found: list[Finding] = []
    for name, table in results(reference, current, columns, chunks):
        keep(objects, f"{folder}/{name}.parquet", table)
        found += findings(name, table)
    report = {
        "time": began.timestamp(),
        "folder": folder,
        "rows": {REFERENCE: len(reference), CURRENT: len(current)},
        "findings": [asdict(each) for each in found],
    }
    reports.keep(objects, report)
    return report


def keep(objects: Objects, name: str, table: pd.DataFrame) -> None:
    """Keep a table; what is not the same in all rows, such as a period or nothing, becomes text."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table.parquet"
        odd = table.select_dtypes("object").columns
        table.astype(dict.fromkeys(odd, "string")).to_parquet(file)
        objects.upload(file, name)


def track(experiment: str, report: dict[str, Any]) -> None:
    """Log the findings as a run: metrics, the number of alerts, and where the results are."""
    import mlflow

    mlflow.set_experiment(experiment)
    with mlflow.start_run(run_name=report["folder"].removeprefix("results/")):
        named = {f"{each['calculation']}/{each['metric']}": each["value"] for each in report["findings"]}
        mlflow.log_metrics({**named, "alerts": sum(each["alert"] for each in report["findings"])})
        mlflow.log_params({"results": report["folder"], **{f"rows_{k}": v for k, v in report["rows"].items()}})


def parser() -> argparse.ArgumentParser:
    """Make the parser of what the columns mean and how much is looked at."""
    made = argparse.ArgumentParser(description="Compare current data with reference data.")
    made.add_argument("--kind", choices=[CLASSIFICATION, REGRESSION], default=CLASSIFICATION)
    made.add_argument("--target", default="y_true")
    made.add_argument("--prediction", default="y_pred")
    made.add_argument("--score", default="y_pred_proba")
    made.add_argument("--timestamp", default="timestamp")
    made.add_argument("--leave-out", type=lambda text: [each for each in text.split(",") if each], default=[])
    made.add_argument("--chunks", type=int, default=10)
    made.add_argument("--files", type=int, default=50)
    made.add_argument("--experiment", default="nannyml")
    return made


if __name__ == "__main__":
    main()
