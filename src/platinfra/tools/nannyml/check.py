"""
Prove the monitor in a trial, apart from the data that it monitors.

`check.py write MARKER` uploads reference data, and current data that drifted, and looks; `check.py find MARKER` compares
the results with that, and finds the run of the look in the tracker.
"""

import json
import os
import random
import signal
import sys
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

URL = os.environ["NANNYML_URL"]
ROWS = 300
METRIC = "x_jensen_shannon"


def write(marker: str) -> str | None:
    """Upload the tables and look at once; the names of the files carry the marker."""
    for kind, middle in (("reference", 0.0), ("current", 5.0)):
        ask(f"trials/{marker}/{kind}/{marker}.csv", "PUT", table(middle).encode())
    said = ask(f"trials/{marker}/look", "POST")["said"]
    return None if any(METRIC in line for line in said) else f"the look says {said}"


def find(marker: str) -> str | None:
    """Return what is missing of what the look has to have found and told."""
    results = ask(f"trials/{marker}/results")
    if results["rows"] != {"reference": ROWS, "current": ROWS}:
        return f"not found: {results['rows']} rows were looked at"
    alerts = [each["metric"] for each in results["findings"] if each["alert"]]
    if METRIC not in alerts:
        return f"no alert of {METRIC}, only of {alerts}"
    return tracked(results["folder"]) if "MLFLOW_TRACKING_URI" in os.environ else None


def tracked(folder: str) -> str | None:
    """Return why the tracker does not know of a look."""
    from mlflow import MlflowClient

    client = MlflowClient()
    known = client.get_experiment_by_name("nannyml-trials")
    runs = client.search_runs([known.experiment_id]) if known else []
    return None if any(each.data.params.get("results") == folder for each in runs) else "the tracker has no such run"


def table(middle: float) -> str:
    """Return rows of one feature around a value."""
    chance = random.Random(1)
    return "x\n" + "".join(f"{chance.gauss(middle, 1)}\n" for _ in range(ROWS))


def ask(path: str, method: str = "GET", body: bytes | None = None) -> dict[str, Any]:
    """Ask the desk for JSON; the message of a refusal is in the error."""
    try:
        with build_opener(ProxyHandler({})).open(Request(f"{URL}/{path}", body, method=method), timeout=120) as answer:
            return dict(json.load(answer))
    except HTTPError as error:
        raise OSError(f"{path} answers {error.code}: {error.read(2000).decode(errors='replace')}") from error


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("nannyml: no answer within 140 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(140)
    try:
        sys.exit({"write": write, "find": find}[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"nannyml: {error!r}")
