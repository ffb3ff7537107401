"""Wait until a worker has joined the master: `ready.py URL`, the address of the master's page."""

import json
import sys
import time
from urllib.request import urlopen

PATIENCE = 60.0
"""Seconds."""


def workers(url: str) -> int:
    """Return the number of workers that have joined; 0 while the master does not answer."""
    try:
        with urlopen(f"{url}/json/", timeout=5) as answer:
            return int(json.load(answer)["aliveworkers"])
    except OSError:
        return 0


if __name__ == "__main__":
    deadline = time.monotonic() + PATIENCE
    while not workers(sys.argv[1]):
        if time.monotonic() > deadline:
            sys.exit(f"no worker joined within {PATIENCE:.0f} s")
        time.sleep(0.2)
