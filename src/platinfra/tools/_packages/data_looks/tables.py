"""Tables in an object store: what a model was tested with, and what it has done since."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd  # type: ignore[import-untyped]

from data_looks.names import CURRENT, DATA, REFERENCE

if TYPE_CHECKING:
    from model_server.objects import Objects

_READERS = {".parquet": pd.read_parquet, ".csv": pd.read_csv}


def read_both(objects: Objects, newest: int) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Return the newest files of reference and of current data; None, and say so, when there are none of one kind."""
    reference, current = (read(objects, kind, newest) for kind in (REFERENCE, CURRENT))
    if reference is not None and current is not None:
        return reference, current
    missing = " and ".join(name for name, table in ((REFERENCE, reference), (CURRENT, current)) if table is None)
    print(f"nothing to compare: the object store has no files below {missing}/")
    return None


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
