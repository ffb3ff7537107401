"""Run `mlflow models serve` for the version that an alias names, beside a small status server."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from model_server.follower import Follower
from model_server.options import parser
from model_server.processes import Child, KeptServer, Records, StartError
from model_server.registry import Registry
from model_server.releases import Release, Releases
from model_server.status import run

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger("model_server")
START_SECONDS = 300.0  # a big model may load for minutes
END_SECONDS = 10.0


class NotServing(BaseHTTPRequestHandler):
    """Answers 503 while there is no model: otherwise the port is free, and who asks could reach somebody else."""

    def do_GET(self) -> None:
        """Say that nothing is served."""
        body = json.dumps({"error_code": "TEMPORARILY_UNAVAILABLE", "message": "no model is served now"}).encode()
        self.send_response(503)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """Say that nothing is served, once the request is read."""
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


class Placeholder:
    """Holds the port of MLflow's server while that does not run."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._server: ThreadingHTTPServer | None = None

    def open(self) -> None:
        """Listen, unless the port is taken: then whoever has it is told when a server is to start."""
        if self._server is None:
            try:
                self._server = ThreadingHTTPServer(self._address, NotServing)
            except OSError as error:
                log.warning("cannot hold port %s: %s", self._address[1], error)
                return
            threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        """Leave the port to MLflow's server."""
        server, self._server = self._server, None
        if server:
            server.shutdown()
            server.server_close()


class ModelServer:
    """MLflow's server on its one port: a new version means a short gap, a broken one brings the former back."""

    def __init__(self, data: Path, host: str, port: int) -> None:
        self._data = data
        self._host = host
        self._port = port
        self._records = Records(data / "workers")
        self._records.end_leftovers()
        self._lock = threading.Lock()
        self._server: KeptServer | None = None
        self._release: Release | None = None
        self._closed = False
        self._placeholder = Placeholder(host, port)
        self._placeholder.open()

    def replace(self, release: Release) -> None:
        """Serve the release; raise StartError after starting the former one again."""
        former = self._release
        self._end()
        try:
            self._start(release)
        except StartError:
            if former:
                # Remembered even when it cannot be started just now: the next failure brings it back.
                self._release = former
                self._start(former)
            raise

    def withdraw(self) -> None:
        """End the server."""
        self._end()
        self._placeholder.open()

    def _end(self) -> None:
        with self._lock:
            server, self._server, self._release = self._server, None, None
        if server:
            server.stop(END_SECONDS)

    def up(self) -> bool:
        """Tell whether the server answers."""
        server = self._server
        return server is not None and server.port is not None

    def close(self) -> None:
        """End the server for good."""
        self._closed = True
        self._end()
        self._placeholder.close()

    def _start(self, release: Release) -> None:
        self._placeholder.close()
        self._await_port()
        with self._lock:
            if self._closed:
                raise StartError("stopped")
            self._server = server = KeptServer(lambda: self._spawn(release), self._records)
        try:
            server.start(START_SECONDS)
        except StartError:
            self._placeholder.open()
            raise
        self._release = release

    def _await_port(self) -> None:
        """Wait for the former server to let go of the port; raise StartError when somebody else has it."""
        deadline = time.monotonic() + END_SECONDS
        while taken(self._host, self._port):
            if time.monotonic() > deadline:
                raise StartError(f"port {self._port} is taken by another program")
            time.sleep(0.1)

    def _spawn(self, release: Release) -> Child:
        command = [
            str(release.python), "-m", "mlflow", "models", "serve", "--model-uri", str(release.folder),
            "--env-manager", "local", "--host", self._host, "--port", str(self._port), "--workers", "1",
        ]  # fmt: skip
        return Child(command, release.environment() | {"PYTHONSAFEPATH": "1"}, self._port, self._data)


def taken(host: str, port: int) -> bool:
    """Tell whether something listens there; MLflow's own `/ping` of a stranger would look like ours."""
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((host, port)) == 0


def main() -> None:
    """Run until a signal ends us."""
    made = parser("Run MLflow's model server for a registered model.")
    made.add_argument("--status-port", type=int, required=True)
    options = made.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    registry = Registry(options.model, options.alias)
    server = ModelServer(options.data, options.host, options.port)
    run(
        Follower(registry, Releases(options.data, registry), server, options.poll_seconds),
        options.host,
        options.status_port,
    )


if __name__ == "__main__":
    main()
