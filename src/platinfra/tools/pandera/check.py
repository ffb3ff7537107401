"""Prove that Pandera works: `write` a schema and what failed by it, and `find` the schema, which fails the same rows."""

import os
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from client_check import check
from quality_runs import find_tracked, track

TABLE = pd.DataFrame({"price": [1.0, -2.0, 3.0], "count": [1, 2, 300]})
EXPECTED = pa.DataFrameSchema({"price": pa.Column(float, pa.Check.gt(0)), "count": pa.Column(int, pa.Check.lt(100))})
FAILING = {"price": -2.0, "count": 300.0}


def file_of(marker: str) -> Path:
    """Return the file of the schema, in the folder that code gets for them."""
    return Path(os.environ["PANDERA_SCHEMAS"]) / f"{marker}.yaml"


def failing(schema: pa.DataFrameSchema) -> dict[str, float]:
    """Return the value of each column that a schema refuses."""
    try:
        schema.validate(TABLE, lazy=True)
    except pa.errors.SchemaErrors as error:
        return {row.column: float(row.failure_case) for row in error.failure_cases.itertuples()}
    return {}


def write(marker: str) -> str | None:
    """Keep the schema, validate a table by it, and log what failed; return what is wrong with that."""
    EXPECTED.to_yaml(file_of(marker))
    found = failing(EXPECTED)
    track("pandera", marker, len(found), found)
    return None if found == FAILING else f"it refuses {found}"


def find(marker: str) -> str | None:
    """Validate by the schema that was kept, and look for the report in the tracker."""
    if not file_of(marker).exists():
        return "not found: the schema"
    found, logged = failing(pa.DataFrameSchema.from_yaml(file_of(marker))), find_tracked("pandera", marker)
    if isinstance(logged, str) or found != FAILING:
        return logged if isinstance(logged, str) else f"the schema that was kept refuses {found}"
    return None if logged in (None, FAILING) else f"the report says {logged}"


if __name__ == "__main__":
    check("pandera", write, find)
