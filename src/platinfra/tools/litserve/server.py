"""Run LitServe for the version that an alias of MLflow's registry names, beside a small status server."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from model_server.fronts import TellingFront
from model_server.running import follow, make_parser

if TYPE_CHECKING:
    import argparse

    from model_server.processes import Child

PROGRAM = Path(__file__).with_name("serve.py")


class LitServe(TellingFront):
    """LitServe, which passes requests on to the present version."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Know what to run."""
        super().__init__(options.data)
        self._options = options

    def spawn(self) -> Child:
        """Start LitServe."""
        options = self._options
        told = [options.host, str(options.port), str(options.workers), str(self.file)]
        return self.child([sys.executable, str(PROGRAM), *told], os.environ, options.port, "/health")


if __name__ == "__main__":
    made = make_parser("LitServe")
    made.add_argument("--workers", type=int, default=1)
    arguments = made.parse_args()
    follow("LitServe", lambda: LitServe(arguments), arguments)
