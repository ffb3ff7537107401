"""Run `mlflow models serve` for the version that an alias names, beside a small status server."""

from __future__ import annotations

import json
import logging
import signal
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

if TYPE_CHECKING:
    from pathlib import Path

START_SECONDS = 300.0  # a big model may load for minutes
END_SECONDS = 10.0


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

    def replace(self, release: Release) -> None:
        """Serve the release; raise StartError after starting the former one again."""
        former = self._release
        self.withdraw()
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
        self.withdraw()

    def _start(self, release: Release) -> None:
        self._await_port()
        with self._lock:
            if self._closed:
                raise StartError("stopped")
            self._server = server = KeptServer(lambda: self._spawn(release), self._records)
        server.start(START_SECONDS)
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


class Status(BaseHTTPRequestHandler):
    """Answers /health."""

    follower: Follower

    def do_GET(self) -> None:
        """Say what is served; this is 200 while waiting too, because waiting is no failure."""
        known = self.path.partition("?")[0] == "/health"
        body = json.dumps(self.follower.health() if known else {"message": "not found"}).encode()
        self.send_response(200 if known else 404)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent: readiness probes would fill the log."""


def main() -> None:
    """Run until a signal ends us."""
    made = parser("Run MLflow's model server for a registered model.")
    made.add_argument("--status-port", type=int, required=True)
    options = made.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    registry = Registry(options.model, options.alias)
    server = ModelServer(options.data, options.host, options.port)
    Status.follower = Follower(registry, Releases(options.data, registry), server, options.poll_seconds)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    status = ThreadingHTTPServer((options.host, options.status_port), Status)
    threading.Thread(target=status.serve_forever, daemon=True).start()
    Status.follower.start()
    ended.wait()
    Status.follower.stop()
    status.server_close()


if __name__ == "__main__":
    main()
