"""A moto server with its gaps filled: `python tests/moto_server.py -H 127.0.0.1 -p PORT`, or `with moto() as url:`."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_SETTINGS = {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true", "MOTO_ACM_VALIDATION_WAIT": "1"}
_PARENT = "MOTO_PARENT"
_TRIES = 3
_PATIENCE, _STOP = 60.0, 5.0
"""Seconds for the server to answer, and to end."""
_ANSWERED = re.compile(r'HTTP/1\.[01]" [234]\d\d ')
ACCOUNT = "123456789012"
REGION = "eu-central-1"


def surroundings(url: str) -> dict[str, str]:
    """Return the environment variables that lead every AWS client to the server."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
    }


def enforce(url: str, *, on: bool = True) -> None:
    """Make the server judge every call by the policies of who makes it, or stop that; assume roles before."""
    request = urllib.request.Request(f"{url}/moto-api/reset-auth", data=b"0" if on else b"inf")
    request.add_header("Content-Type", "text/plain")
    urllib.request.urlopen(request, timeout=5).close()


@contextmanager
def moto(account: str = "", cluster: str = "") -> Iterator[str]:
    """
    Run a server on a free port of its own; it ends with the block, whatever happens in it.

    There is `account` alone in it; without one, `ACCOUNT` and those whose roles are assumed. `cluster` is the address
    of a stand-in for the Kubernetes API, which every EKS cluster then has.
    """
    settings = {**({"MOTO_ACCOUNT_ID": account} if account else {}), "MOTO_EKS_ENDPOINT": cluster}
    with tempfile.TemporaryFile("w+b") as log:
        child, url = _start(settings, log)
        try:
            yield url
        except BaseException:
            print(_faults(log))
            raise
        finally:
            _end(child)


def _faults(log: BinaryIO) -> str:
    """Return what went wrong inside the server, as it logged it; calls that were answered are left out."""
    log.seek(0)
    lines = log.read().decode(errors="replace").splitlines()
    return "\n".join(each for each in lines if not _ANSWERED.search(each))


def _start(settings: dict[str, str], log: BinaryIO) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server; somebody else may take its port first, so try again then."""
    for _ in range(_TRIES):
        port = _free_port()
        command = [sys.executable, os.path.abspath(__file__), "-H", "127.0.0.1", "-p", str(port)]
        env = {**os.environ, **_SETTINGS, **settings, _PARENT: str(os.getpid())}
        child = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=log)
        if _answers(child, url := f"http://127.0.0.1:{port}"):
            return child, url
        _end(child)
    raise AssertionError("the server does not answer")


def _answers(child: subprocess.Popen[bytes], url: str) -> bool:
    deadline = time.monotonic() + _PATIENCE
    while child.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{url}/moto-api/data.json", timeout=5).close()
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
        else:
            return child.poll() is None
    return False


def _end(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(_STOP)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _serve() -> None:
    """Leave this folder out of the path: its names must not hide modules of others."""
    here = str(Path(__file__).parent)
    sys.path[:] = [each for each in sys.path if os.path.abspath(each) != here]
    sys.path.append(here)
    import moto.server
    import moto_gaps

    threading.Thread(target=_end_with_parent, daemon=True).start()
    moto_gaps.fill()
    moto.server.main(sys.argv[1:])


def _end_with_parent() -> None:
    """End when the process that wanted the server was killed."""
    while _PARENT in os.environ:
        if str(os.getppid()) != os.environ[_PARENT]:
            os._exit(1)
        time.sleep(1.0)


if __name__ == "__main__":
    _serve()
