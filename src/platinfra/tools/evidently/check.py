"""Prove that Evidently works: `check.py write MARKER` adds a report with that tag, `check.py find MARKER` finds it."""

import json
import os
import signal
import sys
from urllib.error import HTTPError
from urllib.request import urlopen

import pandas as pd
from evidently import Report
from evidently.metrics import RowCount
from evidently.ui.workspace import RemoteWorkspace

NAME = "platinfra-check"
URL = os.environ["EVIDENTLY_URL"]


def write(marker: str) -> None:
    """Add a report to the project of this check."""
    workspace = RemoteWorkspace(URL)
    project = next(iter(workspace.search_project(NAME)), None) or workspace.create_project(NAME)
    report = Report([RowCount()], tags=[marker]).run(pd.DataFrame({"x": [1, 2, 3]}))
    workspace.add_run(project.id, report)


def find(marker: str) -> str | None:
    """Look for the report over HTTP, since the client cannot list reports."""
    for project in RemoteWorkspace(URL).search_project(NAME):
        with urlopen(f"{URL}/api/projects/{project.id}/reports", timeout=20) as response:
            if any(marker in report["tags"] for report in json.load(response)):
                return None
    return "not found"


def server_message(error: Exception) -> str:
    """Return the server's own message behind an error: errors of HTTP clients tell the status alone."""
    response = getattr(error, "response", None)  # of `requests`, which the workspace uses
    text = error.read(2000).decode(errors="replace") if isinstance(error, HTTPError) else getattr(response, "text", "")
    return f": {' '.join(text.split())[:2000]}" if text else ""


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("evidently: no answer within 55 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(55)
    try:
        sys.exit({"write": write, "find": find}[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"evidently: {error!r}{server_message(error)}")
