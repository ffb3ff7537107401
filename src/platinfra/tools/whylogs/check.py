"""Prove that whylogs works: `write` the profiles of two batches, and `find` them, which together describe all rows."""

import os

import pandas as pd
import whylogs
from whylogs.core import DatasetProfileView

from client_check import check
from model_server.objects import objects_at

BATCHES = ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0])
ROWS, MEAN = 7, 4.0
PROFILES = objects_at(os.environ["WHYLOGS_PROFILES"])


def write(marker: str) -> None:
    """Keep a profile of each batch."""
    for number, values in enumerate(BATCHES):
        view = whylogs.log(pd.DataFrame({"x": values})).view()
        PROFILES.write(f"{marker}-{number}.bin", view.serialize())


def find(marker: str) -> str | None:
    """Merge the profiles that are kept; return what is wrong with what they say."""
    views = [DatasetProfileView.deserialize(PROFILES.read(each.name)) for each in PROFILES.find(f"{marker}-")]
    if len(views) != len(BATCHES):
        return f"not found: {len(BATCHES)} profiles, only {len(views)}"
    column = views[0].merge(views[1]).get_column("x")
    found = column.to_summary_dict() if column else {}
    said = found.get("counts/n"), found.get("distribution/mean")
    return None if said == (ROWS, MEAN) else f"the profiles tell of {said[0]} rows with the mean {said[1]}"


if __name__ == "__main__":
    check("whylogs", write, find)
