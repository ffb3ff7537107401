"""A stack whose models and servers are asked as people ask them."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil

from .stack import Stack, arguments

HERE = Path(__file__).parent
LOOPBACK = ("127.", "::1", "::ffff:127.")
PATIENCE = 120.0
"""Seconds in which the environment of a model is installed and its server comes up."""
ROWS = {
    "inputs": [
        {"name": "x", "datatype": "FP64", "shape": [2], "data": [1.5, 4.0]},
        {"name": "n", "datatype": "INT64", "shape": [2], "data": [1, 2]},
    ]
}
"""The rows of laptop_models.py as the Open Inference Protocol has them."""


class Asked(Stack):
    """The stack, and how people use it."""

    def client(self, *words: str) -> str:
        """Run laptop_models.py as a client of the stack; return the last line that it prints."""
        done = self.run("run", "--", "python", str(HERE / "laptop_models.py"), *words, within=PATIENCE)
        assert done.code == 0, done.text
        return done.out.split("\n")[-2]

    def ask(self, endpoint: str, path: str, body: bytes | None = None, method: str = "GET") -> tuple[int, Any]:
        """Ask over HTTP; status 0 means that nobody answered."""
        url = f"http://127.0.0.1:{self.ports()[endpoint]}/{path}"
        request = urllib.request.Request(url, body, {"content-type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, read(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, read(error.read())
        except OSError:
            return 0, None

    def process_of(self, program: str, word: str) -> int:
        """Return the process of a program with a word in its command."""
        family = [pid for pid, mark in self.marks().items() if mark == program]
        return next(pid for pid in family if any(word in each for each in arguments(pid)))

    def check(self, component: str) -> None:
        """Prove a component and its wires."""
        done = self.run("check", component, within=PATIENCE)
        assert done.code == 0, done.text


def read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode()


def listeners(stack: Stack) -> list[Any]:
    """Return what the processes of a stack listen on."""
    own = stack.family()
    return [each for each in psutil.net_connections("tcp") if each.pid in own and each.status == psutil.CONN_LISTEN]
