"""Prove that Aim works: `write` a run with a metric, and `find` it by its name, and in what the page shows."""

import os
from urllib.parse import quote
from urllib.request import urlopen

import aim

from client_check import check

VALUES = [1.0, 0.5, 0.25]
EXPERIMENT = "platinfra-check"


def write(marker: str) -> None:
    """Record a run over the network."""
    run = aim.Run(
        repo=os.environ["AIM_REPO"], experiment=EXPERIMENT, system_tracking_interval=None, log_system_params=False
    )
    run.name = marker
    run["marker"] = marker
    for step, value in enumerate(VALUES):
        run.track(value, name="loss", step=step)
    run.close()


def find(marker: str) -> str | None:
    """Look for the run, its parameter and its metric, and for the name in what the page asks for."""
    query = f"run.name == {marker!r}"
    runs = [each.run for each in aim.Repo(os.environ["AIM_REPO"]).query_runs(query).iter_runs()]
    if [each["marker"] for each in runs] != [marker]:
        return f"not found: one run, but {len(runs)}"
    (metric,) = runs[0].metrics()
    if sorted(metric.values.values_numpy()) != sorted(VALUES):
        return "not found: the values of the run"
    with urlopen(f"{os.environ['AIM_URL']}/api/runs/search/run/?q={quote(query)}", timeout=20) as answer:
        return None if marker.encode() in answer.read() else "not found: the run on the page"


if __name__ == "__main__":
    check("aim", write, find)
