"""Prometheus on a machine: what it asks follows the stack, and who is told of what does not answer."""

import json
import os
import signal
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from threading import Thread
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from .programs import need_programs
from .stack import Stack, eventually

pytestmark = [pytest.mark.live]
LONG = 200


@pytest.fixture
def receiver() -> Iterator[tuple[str, "Queue[Any]"]]:
    """Return an address, and the messages that are posted there."""
    messages: Queue[Any] = Queue()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            messages.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", messages
    server.shutdown()
    server.server_close()


def ask(stack: Stack, path: str) -> Any:
    with urlopen(f"http://127.0.0.1:{stack.ports()['prometheus.http']}/api/v1/{path}", timeout=10) as answer:
        return json.load(answer)["data"]


def metrics_of(stack: Stack, query: str) -> list[dict[str, str]]:
    return [each["metric"] for each in ask(stack, f"query?{urlencode({'query': query})}")["result"]]


def asked(stack: Stack) -> set[str]:
    """Return the components that are asked; the series of others are kept, and for five minutes count as if they answered."""
    return {each["labels"]["component"] for each in ask(stack, "targets")["activeTargets"]}


def write(stack: Stack, address: str, *pipelining: str) -> None:
    data = {
        "name": "watched",
        "stack": {
            "monitoring": ["prometheus"],
            "alerting": [{"prometheus": {"settings": {"webhook_url": address, "down_seconds": 20, "rules": "rules"}}}],
            **({"pipelining": list(pipelining)} if pipelining else {}),
        },
    }
    stack.file.write_text(json.dumps(data))


@pytest.mark.slow
def test_people_are_told_of_what_does_not_answer_and_by_rules_of_their_own(
    stack: Stack, receiver: tuple[str, "Queue[Any]"]
) -> None:
    need_programs("prometheus")
    address, messages = receiver
    stack.catalog("prometheus").catalog("luigi")
    (stack.folder / "rules").mkdir()
    own = {"groups": [{"name": "own", "interval": "1s", "rules": [{"alert": "Own", "expr": "vector(1)"}]}]}
    (stack.folder / "rules" / "own.yml").write_text(json.dumps(own))
    write(stack, address, "luigi")
    up = stack.run("up", within=LONG)
    assert up.code == 0, up.text
    stack.assert_healthy()

    up_ones = {
        ("luigi", str(stack.port("luigi"))),
        *(("prometheus", str(stack.ports()[f"prometheus.{each}"])) for each in ("http", "alerts")),
    }
    eventually(
        lambda: (
            {(each["component"], each["instance"].split(":")[1]) for each in metrics_of(stack, "up == 1")} == up_ones
        ),
        60,
    )
    told = messages.get(timeout=60)
    assert [each["labels"]["alertname"] for each in told["alerts"]] == ["Own"]
    assert told["alerts"][0]["labels"]["stack"] == "watched"

    checked = stack.run("check", within=LONG)
    assert checked.code == 0, checked.text
    assert "✓ prometheus → luigi (targets)" in checked.text
    assert messages.empty()  # a check tells nobody

    luigi = stack.pids()["luigi.server"]
    os.kill(luigi, signal.SIGSTOP)
    try:
        told = messages.get(timeout=90)
    finally:
        os.kill(luigi, signal.SIGCONT)
    assert told["status"] == "firing"
    (alert,) = told["alerts"]
    assert (alert["labels"]["alertname"], alert["labels"]["component"]) == ("ComponentDown", "luigi")

    write(stack, address)  # what leaves the stack is asked no more
    done = stack.run("up", "--yes", within=LONG)
    assert done.code == 0, done.text
    eventually(lambda: asked(stack) == {"prometheus"})
    stack.down()


def test_a_file_that_a_setting_names_and_that_is_not_there_is_told(stack: Stack) -> None:
    need_programs("prometheus")
    stack.catalog("prometheus")
    stack.file.write_text(
        json.dumps(
            {"name": "watched", "stack": {"alerting": [{"prometheus": {"settings": {"slack_url_file": "none"}}}]}}
        )
    )
    done = stack.run("up", within=LONG)
    assert done.code == 1
    assert "`slack_url_file`: there is no" in done.text
