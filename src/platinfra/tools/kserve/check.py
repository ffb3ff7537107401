"""
Prove that KServe's model server serves the version that the registry's alias names: `check.py find MARKER`.

It is asked by the V2 protocol over HTTP: with gRPC it would listen on all addresses.
"""

from __future__ import annotations

import os
import sys

from model_server.checking import run
from model_server.v2 import find

URL, STATUS_URL = os.environ.get("KSERVE_URL") or "", os.environ.get("KSERVE_STATUS_URL") or ""

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], lambda: find(URL, STATUS_URL, lambda *_: None)))
