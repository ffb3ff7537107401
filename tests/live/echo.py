"""A tool for the tests: keeps what it is told in a file, and misbehaves as its mode says."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

MODE, PORT, DATA, PROJECT = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
SAID = DATA / "said"
CHILD = (
    "import os, sys, time\n"
    "if os.fork() == 0:\n"
    "    os.setsid()\n"
    "    if os.fork():\n"
    "        os._exit(0)\n"
    "    open(sys.argv[1], 'a').write(f'{os.getpid()}\\n')\n"
    "time.sleep(600)\n"
)


class Echo(BaseHTTPRequestHandler):
    """Keeps every line it is sent, and says them all."""

    def do_GET(self) -> None:
        files = {"/said": SAID, "/health": PROJECT / "health"}
        file = files.get(self.path)
        self.answer(file.read_bytes() if file and file.exists() else b"")

    def do_POST(self) -> None:
        with SAID.open("ab") as file:
            file.write(self.rfile.read(int(self.headers["Content-Length"])) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self.answer(b"kept")

    def log_message(self, *arguments: object) -> None:
        # As `logging` does it: whoever read the log may be dead.
        with contextlib.suppress(OSError):
            super().log_message(*arguments)

    def answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(host: str = "127.0.0.1") -> None:
    """Serve for ever."""
    print(f"listening on {host}:{PORT}", flush=True)
    HTTPServer((host, PORT), Echo).serve_forever()


def unless_mended(act: str) -> None:
    """Do what the mode says, unless the file `mended` lies beside the stack file."""
    if not (PROJECT / "mended").exists():
        print(f"the reason: {act}", flush=True)
        {"hang": hang, "crash": lambda: sys.exit("boom")}[act]()
    serve()


def hang() -> None:
    """Do nothing until it is mended."""
    while not (PROJECT / "mended").exists():
        time.sleep(0.1)


def deaf() -> None:
    """Ignore the polite signals."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    serve()


def parent() -> None:
    """Start a child with a session of its own and a daemon that lost its parent."""
    subprocess.Popen([sys.executable, "-c", CHILD, DATA / "daemons"])
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    serve()


def listening_child() -> None:
    """Leave the port to a child, as servers with workers do."""
    if os.fork():
        os.wait()
        sys.exit("the worker died")
    serve()


MODES = {
    "normal": serve,
    "hang": lambda: unless_mended("hang"),
    "crash": lambda: unless_mended("crash"),
    "public": lambda: serve("0.0.0.0"),
    "deaf": deaf,
    "parent": parent,
    "worker": listening_child,
}

if __name__ == "__main__":
    MODES[MODE]()
