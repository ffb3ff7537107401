"""The desk of the monitor: takes data for the next look, and shows what the last one found."""

from __future__ import annotations

import argparse
import json
import os
import signal
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from names import DATA, LATEST

from model_server.objects import objects_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from model_server.objects import Objects

MOST_BYTES = 1 << 30
_PIECE = 1 << 20
_UNANSWERED_SECONDS = 60


class Desk(BaseHTTPRequestHandler):
    """GET /health, /results, also as /, and /metrics; PUT /reference/NAME and /current/NAME."""

    objects: Objects
    timeout = _UNANSWERED_SECONDS

    def do_GET(self) -> None:
        """Answer from what the last look kept."""
        match self.path.partition("?")[0]:
            case "/health":
                self.answer(200, "application/json", b'{"status": "ok"}')
            case "/" | "/results":
                self.answer(200, "application/json", json.dumps(latest(self.objects)).encode())
            case "/metrics":
                text = "".join(f"{line}\n" for line in exposition(latest(self.objects)))
                self.answer(200, "text/plain; version=0.0.4", text.encode())
            case _:
                self.answer(404, "application/json", b'{"message": "not found"}')

    def do_PUT(self) -> None:
        """Take a file of reference or current data; one of the same name is replaced."""
        name, length = self.path.lstrip("/"), self.headers.get("content-length", "")
        if not DATA.fullmatch(name):
            self.answer(404, "application/json", b'{"message": "PUT reference/NAME or current/NAME, .parquet or .csv"}')
        elif not length.isdecimal():
            self.answer(411, "application/json", b'{"message": "say how long it is"}')
        elif int(length) > MOST_BYTES:
            self.answer(413, "application/json", b'{"message": "more than 1 GiB"}')
        else:
            self.take(name, int(length))

    def take(self, name: str, length: int) -> None:
        """Put the body into the object store once it arrived whole."""
        with tempfile.NamedTemporaryFile() as file:
            missing = length
            while missing and (piece := self.rfile.read(min(missing, _PIECE))):
                file.write(piece)
                missing -= len(piece)
            file.flush()
            if missing:
                self.close_connection = True
                return
            self.objects.upload(Path(file.name), name)
        self.answer(201, "application/json", json.dumps({"name": name}).encode())

    def answer(self, status: int, kind: str, body: bytes) -> None:
        """Send a whole answer; a body that was not read ends the connection."""
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent: readiness probes would fill the log."""


def latest(objects: Objects) -> dict[str, Any]:
    """Return the report of the last look; an empty one before the first."""
    if not any(each.name == LATEST for each in objects.find(LATEST)):
        return {"time": None, "folder": None, "rows": {}, "findings": []}
    return dict(json.loads(objects.read(LATEST)))


def exposition(report: dict[str, Any]) -> Iterator[str]:
    """Yield the metrics in Prometheus' text form."""
    if report["time"] is not None:
        yield "# TYPE nannyml_last_look_timestamp_seconds gauge"
        yield f"nannyml_last_look_timestamp_seconds {report['time']}"
    for name, key in (("nannyml_value", "value"), ("nannyml_alert", "alert")):
        yield f"# TYPE {name} gauge"
        for each in report["findings"]:
            labels = ",".join(f'{label}="{_escaped(each[label])}"' for label in ("calculation", "metric"))
            yield f"{name}{{{labels}}} {float(each[key])}"
    yield "# TYPE nannyml_rows gauge"
    for data, rows in report["rows"].items():
        yield f'nannyml_rows{{data="{_escaped(data)}"}} {rows}'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def main() -> None:
    """Answer until a signal ends us."""
    made = argparse.ArgumentParser(description="Take data and show results.")
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--port", type=int, required=True)
    options = made.parse_args()
    Desk.objects = objects_at(os.environ["STORE_URL"])
    server = ThreadingHTTPServer((options.host, options.port), Desk)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
    server.server_close()


if __name__ == "__main__":
    main()
