"""Runs a program that listens nowhere, and answers `/health` for it."""

import signal
import subprocess
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

__all__ = ["run"]


def run(command: Sequence[str], port: int, why_not: Callable[[], str | None]) -> int:
    """
    Run `command` to its end, and return its exit code; meanwhile `/health` on 127.0.0.1 answers 200 when it is well.

    `why_not` returns why the program is not well, or None; what it raises is a reason too, and the answer then 503.
    Signals that should end this process are handed to the program.
    """
    with ThreadingHTTPServer(("127.0.0.1", port), _page(why_not)) as server, subprocess.Popen(command) as child:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda sent, _: child.send_signal(sent))
        Thread(target=server.serve_forever, daemon=True).start()
        code = child.wait()
        server.shutdown()
    return code


def _page(why_not: Callable[[], str | None]) -> type[BaseHTTPRequestHandler]:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reason = _reason(why_not) if self.path == "/health" else "there is only /health"
            self.send_response(503 if reason else 200)
            self.end_headers()
            self.wfile.write((reason or "ok").encode())

        def log_message(self, *_: object) -> None:
            """Write no line for each look at the health."""

    return Page


def _reason(why_not: Callable[[], str | None]) -> str | None:
    try:
        return why_not()
    except Exception as error:
        return repr(error)
