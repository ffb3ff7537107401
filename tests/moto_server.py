"""A moto server with its gaps filled: `python tests/moto_server.py -H 127.0.0.1 -p PORT`, or `with moto() as url:`."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

DEVIATIONS: Mapping[str, Mapping[str, str]] = {}
"""Resource type → attribute path that moto does not give back as AWS does → why; nothing else may differ."""

_SETTINGS = {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true", "MOTO_ACM_VALIDATION_WAIT": "1"}
_START = 60.0
_STOP = 5.0
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


@contextmanager
def moto() -> Iterator[str]:
    """Run a server on a free port of its own; it ends with the block, whatever happens in it."""
    port = _free_port()
    command = [sys.executable, os.path.abspath(__file__), "-H", "127.0.0.1", "-p", str(port)]
    child = subprocess.Popen(
        command, env={**os.environ, **_SETTINGS}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield _ready(child, f"http://127.0.0.1:{port}")
    finally:
        _end(child)


def _ready(child: subprocess.Popen[bytes], url: str) -> str:
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline:
        assert child.poll() is None, "the server ended at once"
        try:
            urllib.request.urlopen(f"{url}/moto-api/data.json", timeout=5).close()
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
        else:
            return url
    raise AssertionError("the server does not answer")


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

    moto_gaps.fill()
    moto.server.main(sys.argv[1:])


if __name__ == "__main__":
    _serve()
