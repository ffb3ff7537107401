"""
Prove Feast: `write` defines a feature of an entity from a file and materializes it, and `find` asks the server for it.

File and view of a check stay for an hour, so that `feast materialize` of people finds every file that the registry names.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

CHECKS = Path(os.environ["FEAST_FS_YAML_FILE_PATH"]).parent / "checks"
KEPT = 3600.0
"""Seconds that the view of a check stays."""
SECONDS = 30.0
"""Until the server knows of a new view."""
VALUES = {1: 11, 2: 22}
"""Key of an entity to its feature."""


def write(marker: str) -> str | None:
    """Apply a view of a file, and materialize what is in it."""
    import pandas as pd
    from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
    from feast.types import Int64

    store, now = FeatureStore(), datetime.now(UTC)
    CHECKS.mkdir(mode=0o700, exist_ok=True)
    forget(store)
    file = CHECKS / f"{marker}.parquet"
    rows = {"check_id": list(VALUES), "value": list(VALUES.values()), "at": [now - timedelta(hours=1)] * len(VALUES)}
    pd.DataFrame(rows).to_parquet(file)
    entity = Entity(name="check_id", join_keys=["check_id"], value_type=ValueType.INT64)
    view = FeatureView(
        name=name_of(marker),
        entities=[entity],
        schema=[Field(name="value", dtype=Int64)],
        source=FileSource(name=f"{name_of(marker)}_source", path=str(file), timestamp_field="at"),
        ttl=timedelta(days=1),
    )
    store.apply([entity, view])
    store.materialize(now - timedelta(days=1), now, feature_views=[view.name])
    return None


def forget(store: Any) -> None:
    """Delete the views and files of checks that are long over."""
    for file in CHECKS.glob("*.parquet"):
        if time.time() - file.stat().st_mtime > KEPT:
            with suppress(
                Exception
            ):  # another check did, or people's `feast apply`, which deletes what it does not define
                store.delete_feature_view(name_of(file.stem))
                store.delete_data_source(f"{name_of(file.stem)}_source")
            file.unlink(missing_ok=True)


def find(marker: str) -> str | None:
    """Ask the server for the features of all entities, until it knows the view; return what is missing."""
    wanted = list(VALUES.values())
    body = {"features": [f"{name_of(marker)}:value"], "entities": {"check_id": list(VALUES)}}
    deadline = time.monotonic() + SECONDS
    while (found := ask(body)) != wanted and time.monotonic() < deadline:
        time.sleep(0.5)
    return None if found == wanted else f"not found: {wanted}, only {found}"


def ask(body: Any) -> Any:
    """Return the values that the server has of a feature; what it says where it has none."""
    url = f"{os.environ['FEAST_SERVER_URL']}/get-online-features"
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=15) as answer:
            said = json.load(answer)
    except HTTPError as error:
        return f"{error.code} {error.read(500).decode(errors='replace')}"
    names = said["metadata"]["feature_names"]
    return said["results"][names.index("value")]["values"]


def name_of(marker: str) -> str:
    """Return the name of the view of a check."""
    return f"check_{marker.replace('-', '_')}"


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("feast: no answer within 140 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(140)
    actions: dict[str, Callable[[str], str | None]] = {"write": write, "find": find}
    try:
        sys.exit(actions[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"feast: {error!r}")
