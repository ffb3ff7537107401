"""The desk of the monitor: takes data for the next look, and shows what the last one found."""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import tempfile
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_looks.cron import parse
from data_looks.looks import LookError, Looks
from data_looks.names import DATA, LATEST
from model_server.objects import objects_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from model_server.objects import Objects

MOST_BYTES = 1 << 30
_PIECE = 1 << 20
_UNANSWERED_SECONDS = 60
_TRIAL = re.compile(r"(/trials/[a-z0-9][a-z0-9-]{0,62})(/.*)")
"""Begins the addresses of data apart from that which is monitored, and of what is found in it."""


class Desk(BaseHTTPRequestHandler):
    """
    GET /health, /results, also as /, and /metrics; PUT /reference/NAME and /current/NAME; POST /look.

    Behind /trials/NAME the same, but for health and metrics, is about data apart.
    """

    name: str
    """Begins the names of the metrics."""
    objects: Objects
    """The data that is monitored."""
    apart: Callable[[str], Objects]
    """The data of a trial, by how its addresses begin."""
    looks: Looks | None = None
    """Nothing where a cluster starts the looks."""
    timeout = _UNANSWERED_SECONDS

    def do_GET(self) -> None:
        """Answer from what the last look kept."""
        path, _, objects = self.subject()
        match path:
            case "/health":
                problem = self.looks.problem if self.looks else ""
                self.answer_json(200, {"status": "ok", **({"problem": problem} if problem else {})})
            case "/" | "/results":
                self.answer_json(200, latest(objects))
            case "/metrics":
                text = "".join(f"{line}\n" for line in exposition(self.name, latest(self.objects)))
                self.answer(200, "text/plain; version=0.0.4", text.encode())
            case _:
                self.answer_json(404, {"message": "not found"})

    def do_PUT(self) -> None:
        """Take a file of reference or current data; one of the same name is replaced."""
        path, _, objects = self.subject()
        name, length = path.lstrip("/"), self.headers.get("content-length", "")
        if not DATA.fullmatch(name):
            self.answer_json(404, {"message": "PUT reference/NAME or current/NAME, .parquet or .csv"})
        elif not length.isdecimal():
            self.answer_json(411, {"message": "say how long it is"})
        elif int(length) > MOST_BYTES:
            self.answer_json(413, {"message": "more than 1 GiB"})
        else:
            self.take(objects, name, int(length))

    def do_POST(self) -> None:
        """Look now, and answer once that is done: with what was said and the results."""
        self.rfile.read(int(self.headers.get("content-length") or 0))
        path, trial, objects = self.subject()
        if path != "/look":
            self.answer_json(404, {"message": "POST look"})
        elif self.looks is None:
            self.answer_json(501, {"message": "the cluster starts the looks here, by the schedule"})
        else:
            try:
                said = self.looks.look(trial)
            except LookError as error:
                self.answer_json(500, {"message": str(error)})
            else:
                self.answer_json(200, {"said": said.splitlines(), "results": latest(objects)})

    def subject(self) -> tuple[str, str, Objects]:
        """Return the path without what names a trial, that, and the data that is meant."""
        path = self.path.partition("?")[0]
        if found := _TRIAL.fullmatch(path):
            return found[2], found[1], type(self).apart(found[1])
        return path, "", self.objects

    def take(self, objects: Objects, name: str, length: int) -> None:
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
            objects.upload(Path(file.name), name)
        self.answer_json(201, {"name": name})

    def answer_json(self, status: int, content: object) -> None:
        """Send a whole answer as JSON."""
        self.answer(status, "application/json", json.dumps(content).encode())

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


def exposition(name: str, report: dict[str, Any]) -> Iterator[str]:
    """Yield the metrics in Prometheus' text form."""
    if report["time"] is not None:
        yield f"# TYPE {name}_last_look_timestamp_seconds gauge"
        yield f"{name}_last_look_timestamp_seconds {report['time']}"
    for key in ("value", "alert"):
        yield f"# TYPE {name}_{key} gauge"
        for each in report["findings"]:
            labels = ",".join(f'{label}="{_escape(each[label])}"' for label in ("calculation", "metric"))
            yield f"{name}_{key}{{{labels}}} {float(each[key])}"
    yield f"# TYPE {name}_rows gauge"
    for data, rows in report["rows"].items():
        yield f'{name}_rows{{data="{_escape(data)}"}} {rows}'


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def serve(name: str, looker: Path, apart: Sequence[str]) -> None:
    """Answer until a signal ends us; `looker` is the program that looks once, and `apart` its options in a trial."""
    made = argparse.ArgumentParser(description="Take data and show results.")
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--port", type=int, required=True)
    made.add_argument("--schedule", type=parse, help="look by this cron schedule, with the options behind `--`")
    made.add_argument("options", nargs="*", help=f"of {looker.name}")
    options = made.parse_args()
    address, ended = os.environ["STORE_URL"], threading.Event()
    Desk.name, Desk.objects = name, objects_at(address)
    Desk.apart = cache(lambda trial: objects_at(f"{address}{trial}"))
    if options.schedule:
        Desk.looks = Looks([sys.executable, str(looker), *options.options], address, apart)
        threading.Thread(target=Desk.looks.follow, args=[options.schedule, ended], daemon=True).start()
    server = ThreadingHTTPServer((options.host, options.port), Desk)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
    ended.set()
    server.server_close()
