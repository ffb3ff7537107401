"""
Prove that Evidently works: `check.py write MARKER` adds a report with that tag, `check.py find MARKER` finds it.

On a machine both do so with a report by the desk too, in a trial: apart from the data that is monitored.
"""

import json
import os
import random
import signal
import sys
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener, urlopen

import pandas as pd
from evidently import Report
from evidently.metrics import RowCount
from evidently.ui.workspace import RemoteWorkspace

NAME = "platinfra-check"
URL = os.environ["EVIDENTLY_URL"]
DESK = os.environ.get("EVIDENTLY_DATA_URL")
ROWS = 300
SECONDS = 140


def write(marker: str) -> str | None:
    """Add a report to the project of this check, and let the desk make one."""
    workspace = RemoteWorkspace(URL)
    project = next(iter(workspace.search_project(NAME)), None) or workspace.create_project(NAME)
    report = Report([RowCount()], tags=[marker]).run(pd.DataFrame({"x": [1, 2, 3]}))
    workspace.add_run(project.id, report)
    return look(marker) if DESK else None


def find(marker: str) -> str | None:
    """Look for the reports over HTTP, since the client cannot list reports."""
    if not any(marker in each["tags"] for each in reports_of(NAME)):
        return "not found"
    return find_look(marker) if DESK else None


def reports_of(project: str) -> list[dict[str, Any]]:
    """Return the reports of the projects of a name."""
    found: list[dict[str, Any]] = []
    for each in RemoteWorkspace(URL).search_project(project):
        with urlopen(f"{URL}/api/projects/{each.id}/reports", timeout=20) as response:
            found += json.load(response)
    return found


def look(marker: str) -> str | None:
    """Upload data that drifted, and let the desk look at once; the names of the files carry the marker."""
    for kind, middle in (("reference", 0.0), ("current", 5.0)):
        ask(f"trials/{marker}/{kind}/{marker}.csv", "PUT", table(middle).encode())
    said = ask(f"trials/{marker}/look", "POST")["said"]
    return None if any(line.startswith("ALERT") for line in said) else f"the look says {said}"


def find_look(marker: str) -> str | None:
    """Return what is missing of what the look has to have found, and added to the workspace."""
    results = ask(f"trials/{marker}/results")
    if results["rows"] != {"reference": ROWS, "current": ROWS}:
        return f"not found: {results['rows']} rows were looked at"
    if [each["metric"] for each in results["findings"] if each["alert"]] != ["x"]:
        return f"no alert of x, only {results['findings']}"
    known = [each["id"] for each in reports_of(results["project"])]
    return None if results["report"] in known else "the workspace has no report of the look"


def table(middle: float) -> str:
    """Return rows of one feature around a value."""
    chance = random.Random(1)
    return "x\n" + "".join(f"{chance.gauss(middle, 1)}\n" for _ in range(ROWS))


def ask(path: str, method: str = "GET", body: bytes | None = None) -> dict[str, Any]:
    """Ask the desk for JSON."""
    with build_opener(ProxyHandler({})).open(Request(f"{DESK}/{path}", body, method=method), timeout=120) as answer:
        return dict(json.load(answer))


def server_message(error: Exception) -> str:
    """Return the server's own message behind an error: errors of HTTP clients tell the status alone."""
    response = getattr(error, "response", None)  # of `requests`, which the workspace uses
    text = error.read(2000).decode(errors="replace") if isinstance(error, HTTPError) else getattr(response, "text", "")
    return f": {' '.join(text.split())[:2000]}" if text else ""


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit(f"evidently: no answer within {SECONDS} s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(SECONDS)
    try:
        sys.exit({"write": write, "find": find}[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"evidently: {error!r}{server_message(error)}")
