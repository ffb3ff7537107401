"""Tables in an object store: what a model was tested with, and what it has done since."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from names import DATA

if TYPE_CHECKING:
    from model_server.objects import Objects

_READERS = {".parquet": pd.read_parquet, ".csv": pd.read_csv}


def read(objects: Objects, kind: str, newest: int) -> pd.DataFrame | None:
    """Return the newest files of a kind as one table, the oldest first; None when there are none."""
    found = [each for each in objects.find(f"{kind}/") if DATA.fullmatch(each.name)]
    chosen = sorted(found, key=lambda each: (each.changed, each.name))[-newest:]
    if not chosen:
        return None
    return pd.concat([_read(objects, each.name) for each in chosen], ignore_index=True)


def _read(objects: Objects, name: str) -> pd.DataFrame:
    suffix = Path(name).suffix
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"table{suffix}"
        objects.download(name, file)
        return _READERS[suffix](file)
