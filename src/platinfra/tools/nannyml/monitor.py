"""One look at the data: read it from the object store, calculate, keep the results, tell the tracker."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tables
from calculations import CLASSIFICATION, REGRESSION, Columns, Finding, findings, results
from names import CURRENT, LATEST, REFERENCE

from model_server.objects import objects_at

if TYPE_CHECKING:
    import pandas as pd

    from model_server.objects import Objects


def main() -> None:
    """Look once; no data yet is no failure."""
    options = parser().parse_args()
    objects = objects_at(os.environ["STORE_URL"])
    reference = tables.read(objects, REFERENCE, options.files)
    current = tables.read(objects, CURRENT, options.files)
    if reference is None or current is None:
        missing = " and ".join(
            name for name, table in (("reference", reference), ("current", current)) if table is None
        )
        print(f"nothing to compare: the object store has no files below {missing}/")
        return
    columns = Columns(
        options.kind, options.target, options.prediction, options.score, options.timestamp, tuple(options.leave_out)
    )
    report = look(objects, reference, current, columns, options.chunks)
    for each in report["findings"]:
        print(f"{'ALERT' if each['alert'] else 'ok':5}  {each['calculation']}  {each['metric']}  {each['value']:.6g}")
    if "MLFLOW_TRACKING_URI" in os.environ:
        track(options.experiment, report)


def look(
    objects: Objects, reference: pd.DataFrame, current: pd.DataFrame, columns: Columns, chunks: int
) -> dict[str, Any]:
    """Keep a table for each calculation, and a report of the newest chunk; return the report."""
    began = datetime.now(UTC)
    folder = f"results/{began:%Y-%m-%dT%H-%M-%SZ}"
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
    for name in (f"{folder}/report.json", LATEST):  # the latest one last: it tells of files that are there
        objects.write(name, json.dumps(report, indent=1).encode())
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
