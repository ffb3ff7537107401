"""Run KServe's own model server for the version that an alias of MLflow's registry names, beside a small status server."""

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


class KServe(TellingFront):
    """KServe's model server, which passes requests on to the present version."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Know what to run."""
        super().__init__(options.data)
        self._options = options

    def spawn(self) -> Child:
        """Start KServe's model server."""
        options = self._options
        told = [options.host, str(options.port), options.model, str(self.file)]
        return self.child([sys.executable, str(PROGRAM), *told], os.environ, options.port, "/v2/health/live")


if __name__ == "__main__":
    arguments = make_parser("KServe").parse_args()
    follow("KServe", lambda: KServe(arguments), arguments)
