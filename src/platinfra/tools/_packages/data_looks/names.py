"""What files are called in the object store."""

from __future__ import annotations

import re

REFERENCE, CURRENT = "reference", "current"
DATA = re.compile(r"(reference|current)/[A-Za-z0-9][A-Za-z0-9._-]{0,199}\.(parquet|csv)")
"""The only names under which data comes in."""
LATEST = "results/latest.json"
"""The report of the last look."""
