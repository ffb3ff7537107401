"""Run MLServer for the version that an alias of MLflow's registry names, beside a small status server."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from model_server.fronts import Front
from model_server.processes import StartError
from model_server.repository_api import RepositoryApi
from model_server.running import follow, make_parser

if TYPE_CHECKING:
    import argparse

    from model_server.fronts import Scorer
    from model_server.processes import Child

SETTINGS = "model-settings.json"


class MLServer(Front):
    """MLServer in one process with one model, which it loads anew before it lets go of the former version."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Know what to run."""
        super().__init__(options.data)
        self._options = options
        self._api = RepositoryApi("MLServer", options.host, options.port)
        self._repository = self.data / "repository"
        self._settings = self._repository / options.model / SETTINGS

    def start(self) -> None:
        """Start with no model; raise StartError when MLServer does not come up."""
        shutil.rmtree(self._repository, ignore_errors=True)  # what is to be served is told anew
        self._settings.parent.mkdir(parents=True)
        super().start()

    def spawn(self) -> Child:
        """Start MLServer."""
        command = [str(Path(sys.executable).with_name("mlserver")), "start", str(self._repository)]
        env = os.environ | variables(self._options)
        return self.child(command, env, self._options.port, "/v2/health/live")

    def switch(self, scorer: Scorer) -> None:
        """Write the settings of a version and let MLServer load it; what was there comes back when it cannot."""
        former = self._settings.read_text() if self._settings.exists() else None
        self._settings.write_text(json.dumps(model_settings(self._options.model, scorer)))
        try:
            self._api.ask("load", self._options.model)
        except StartError:
            if former is None:
                self._settings.unlink()
            else:
                self._settings.write_text(former)
            raise

    def unload(self) -> None:
        """Let MLServer serve nothing."""
        self._settings.unlink(missing_ok=True)
        self._api.ask("unload", self._options.model)


def model_settings(model: str, scorer: Scorer) -> dict[str, object]:
    """Return what MLServer has to know of a version."""
    parameters = {"uri": str(scorer.folder), "extra": {"port": scorer.port, "version": scorer.version.version}}
    return {"name": model, "implementation": "followed.Followed", "parameters": parameters}


def variables(options: argparse.Namespace) -> dict[str, str]:
    """Return MLServer's settings, and where it finds our runtime."""
    own = str(Path(__file__).parent)
    return {
        "PYTHONPATH": os.pathsep.join([own, *filter(None, [os.environ.get("PYTHONPATH")])]),
        "MLSERVER_DEBUG": "false",
        "MLSERVER_HOST": options.host,
        "MLSERVER_HTTP_PORT": str(options.port),
        "MLSERVER_GRPC_PORT": str(options.grpc_port),
        "MLSERVER_METRICS_PORT": str(options.metrics_port),
        "MLSERVER_METRICS_DIR": str(options.data / "metrics"),
        "MLSERVER_ENVIRONMENTS_DIR": str(options.data / "environments-of-workers"),
        "MLSERVER_PARALLEL_WORKERS": "0",
    }


if __name__ == "__main__":
    arguments = make_parser("MLServer", "grpc", "metrics").parse_args()
    follow("MLServer", lambda: MLServer(arguments), arguments)
