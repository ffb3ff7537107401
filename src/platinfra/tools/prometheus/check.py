"""
Prove that Prometheus watches and tells: `write` causes an alert and waits for its message, `find` asks whether all answer.

For the alert this script is a component with a metric and a receiver of messages at once, at the address that Prometheus'
own rule names; people's receivers are told nothing.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

URL = os.environ["PROMETHEUS_URL"]
SECONDS = 60.0
"""For a message or an answer; targets are asked every 15 s."""


def write(marker: str) -> str | None:
    """Have the rule `Proof` become true; return why no message of it arrived."""
    rules = [each for group in ask("rules")["groups"] for each in group["rules"] if each["name"] == "Proof"]
    told = rules[0]["annotations"]
    host, _, port = told["address"].rpartition(":")
    arrived = Event()
    server = serve((host, int(port)), answers(marker, arrived))
    Thread(target=server.serve_forever, daemon=True).start()
    target = Path(told["folder"]) / f"{marker}.json"
    try:
        write_whole(target, json.dumps([{"targets": [told["address"]], "labels": {"component": "check"}}]))
        return None if arrived.wait(SECONDS) else f"no message of the alert within {SECONDS:.0f} s"
    finally:
        target.unlink(missing_ok=True)
        server.shutdown()
        server.server_close()


def serve(address: tuple[str, int], answer: type[BaseHTTPRequestHandler]) -> HTTPServer:
    """Return a server at an address, once no other check is there any more; raise OSError when one stays."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return HTTPServer(address, answer)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def write_whole(path: Path, text: str) -> None:
    """Write a file that is never seen in part."""
    part = path.with_suffix(".part")
    part.write_text(text)
    part.replace(path)


def answers(marker: str, arrived: Event) -> type[BaseHTTPRequestHandler]:
    """Return what answers with the metric, and takes the message of the alert."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply(f'platinfra_proof{{marker="{marker}"}} 1\n'.encode())

        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if any(each["labels"].get("marker") == marker for each in message["alerts"]):
                arrived.set()
            self.reply(b"")

        def reply(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Answers


def find(_: str) -> str | None:
    """Return which targets do not answer with metrics."""
    deadline = time.monotonic() + SECONDS
    while (down := silent()) and time.monotonic() < deadline:
        time.sleep(1)
    return f"no metrics of {', '.join(down)}" if down else None


def silent() -> list[str]:
    """Return what the targets are that are configured, and whose last answer is not in what Prometheus keeps."""
    wanted = {name_of(each["labels"]) for each in ask("targets", state="active")["activeTargets"] if not is_proof(each)}
    up = {name_of(each["metric"]) for each in ask("query", query="up == 1")["result"]}
    return sorted(wanted - up) if wanted else ["anything"]


def is_proof(target: dict[str, Any]) -> bool:
    """Tell whether a target is that of a check."""
    return bool(target["labels"]["job"] == "proof")


def name_of(labels: dict[str, str]) -> str:
    """Return how people call a target."""
    return f"{labels['component']} ({labels['instance']})"


def ask(path: str, **query: str) -> Any:
    """Ask Prometheus' HTTP API."""
    url = f"{URL}/api/v1/{path}?{urlencode(query)}"
    with build_opener(ProxyHandler({})).open(url, timeout=15) as answer:
        return json.load(answer)["data"]


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("prometheus: no answer within 140 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(140)
    actions: dict[str, Callable[[str], str | None]] = {"write": write, "find": find}
    try:
        sys.exit(actions[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"prometheus: {error!r}")
