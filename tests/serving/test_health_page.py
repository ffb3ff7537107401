"""What answers for a program that listens nowhere."""

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.live.stack import eventually, free_port

from platinfra.catalog.catalog import Catalog

PACKAGES = Catalog().folder("mlflow").parent / "_packages"
PROGRAM = """
import sys
from pathlib import Path
import health_page

def why_not():
    return Path("ill").read_text() if Path("ill").exists() else None

sys.exit(health_page.run([sys.executable, "-c", CHILD], int(sys.argv[1]), why_not))
"""
CHILD = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
open("up", "w").close()
time.sleep(60)
"""


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def running(tmp_path: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", f"CHILD = {CHILD!r}\n{PROGRAM}", str(port)]
    with subprocess.Popen(command, cwd=tmp_path, env={"PYTHONPATH": str(PACKAGES)}) as program:
        eventually(lambda: (tmp_path / "up").exists() and answer(port)[0])
        yield program
        program.kill()


def answer(port: int, path: str = "/health") -> tuple[int, str]:
    """Return the status and the text; status 0 while nothing listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as found:
            return found.status, found.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def test_it_says_that_all_is_well_or_why_not(running: subprocess.Popen[bytes], port: int, tmp_path: Path) -> None:
    assert running.poll() is None
    assert answer(port) == (200, "ok")
    (tmp_path / "ill").write_text("it has no heartbeat")
    assert answer(port) == (503, "it has no heartbeat")
    (tmp_path / "ill").write_bytes(b"\xff")
    status, said = answer(port)
    assert status == 503
    assert said.startswith("UnicodeDecodeError")
    assert answer(port, "/")[0] == 503


def test_a_signal_ends_the_program_and_its_exit_code_is_ours(running: subprocess.Popen[bytes], port: int) -> None:
    began = time.monotonic()
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=10) == 7
    assert time.monotonic() - began < 5
    assert answer(port) == (0, "")
