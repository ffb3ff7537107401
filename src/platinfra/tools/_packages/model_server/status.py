"""Says what a model server serves, on an address beside that of the models, until a signal ends it."""

from __future__ import annotations

import json
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from model_server.follower import Follower


class Status(BaseHTTPRequestHandler):
    """Answers /health and /metrics; who opens the address alone sees the health."""

    follower: Follower

    def do_GET(self) -> None:
        """Say what is served; this is 200 while waiting too, because waiting is no failure."""
        match self.path.partition("?")[0]:
            case "/" | "/health":
                self.answer(200, "application/json", json.dumps(self.follower.health()))
            case "/metrics":
                text = "".join(f"{line}\n" for line in exposition(self.follower.health()))
                self.answer(200, "text/plain; version=0.0.4", text)
            case _:
                self.answer(404, "application/json", json.dumps({"message": "not found"}))

    def answer(self, status: int, kind: str, text: str) -> None:
        """Send a whole answer."""
        body = text.encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent: readiness probes would fill the log."""


def exposition(health: Mapping[str, str]) -> Iterator[str]:
    """Yield what is served as metrics in Prometheus' text form, named as the gateway of the tool fastapi names them."""
    serving = health.get("status") == "serving"
    yield "# TYPE model_server_up gauge"
    yield f"model_server_up {int(serving)}"
    yield "# TYPE model_server_problem gauge"
    yield f"model_server_problem {int('problem' in health)}"
    if serving:
        labels = ",".join(f'{name}="{escape(health.get(name, ""))}"' for name in ("model", "version", "run_id"))
        yield "# TYPE model_server_model_info gauge"
        yield f"model_server_model_info{{{labels}}} 1"


def escape(text: str) -> str:
    """Return a text as the value of a label."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def run(follower: Follower, host: str, port: int) -> None:
    """Follow, and say what is served, until a signal ends us."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    Status.follower = follower
    status = ThreadingHTTPServer((host, port), Status)
    threading.Thread(target=status.serve_forever, daemon=True).start()
    follower.start()
    ended.wait()
    follower.stop()
    status.server_close()
