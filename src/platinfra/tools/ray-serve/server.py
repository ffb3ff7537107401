"""Run Ray Serve for the version that an alias of MLflow's registry names, beside a small status server."""

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

PROGRAM = Path(__file__).with_name("application.py")


class RayServe(TellingFront):
    """Ray Serve, whose replicas pass requests on to the present version."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Know what to run."""
        super().__init__(options.data)
        self._options = options

    def spawn(self) -> Child:
        """Start Ray with the application."""
        options = self._options
        names = ("port", "metrics_port", "agent_port", "replicas", "object_store_mb")
        told = [f"--{each.replace('_', '-')}={getattr(options, each)}" for each in ("host", *names)]
        # Ray starts some of its processes by a shell, with the path of Python as it is: here it is one without blanks.
        python = Path(sys.executable).parent.resolve() / Path(sys.executable).name
        command = [str(python), str(PROGRAM), *told, str(self.file)]
        return self.child(command, os.environ, options.port, "/-/healthz")


if __name__ == "__main__":
    made = make_parser("Ray Serve", "metrics", "agent")
    made.add_argument("--replicas", type=int, default=1)
    made.add_argument("--object-store-mb", type=int, default=80)
    arguments = made.parse_args()
    follow("Ray Serve", lambda: RayServe(arguments), arguments)
