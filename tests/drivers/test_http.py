"""Probes answer in time, whatever the server does."""

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from platinfra.drivers.http import HttpProbes


class _Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        pages = {
            "/health": 200,
            "/broken": 500,
            "/q?a=1": 200,
            "/moved": 307,
            "/away": 302,
            "/loop": 302,
            "/large": 200,
        }
        self.send_response(pages.get(self.path, 404))
        locations = {"/moved": "/health", "/away": "http://example.invalid/", "/loop": "/loop"}
        if self.path in locations:
            self.send_header("Location", locations[self.path])
        self.send_header("Content-Type", "text/plain; charset=latin-1")
        self.end_headers()
        self.wfile.write(b"x" * 3_000_000 if self.path == "/large" else "grün".encode("latin-1"))

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Return the address of a server that answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_an_answer_is_returned(url: str) -> None:
    answer = HttpProbes().get(f"{url}/health")
    assert (answer.ok, answer.status, answer.text) == (True, 200, "grün")


@pytest.mark.parametrize(
    ("path", "status"), [("/broken", 500), ("", 404), ("/q?a=1", 200), ("/moved", 200), ("/away", 302), ("/loop", 302)]
)
def test_every_status_is_an_answer(url: str, path: str, status: int) -> None:
    assert HttpProbes().get(url + path).status == status


def test_a_large_answer_is_cut(url: str) -> None:
    assert len(HttpProbes().get(f"{url}/large").text) == 1024 * 1024


def test_proxies_never_matter(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert HttpProbes().get(f"{url}/health").ok


@pytest.mark.parametrize(
    "bad", ["http://127.0.0.1:1/", "http://", "ftp://127.0.0.1/", "http://127.0.0.1:x/", "nothing"]
)
def test_no_server_is_no_error(bad: str) -> None:
    answer = HttpProbes().get(bad)
    assert answer.status == 0
    assert answer.text


@pytest.mark.parametrize(
    "greeting", [b"", b"HTTP/1.1 200 OK\r\nX-A: ", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"]
)
def test_a_server_that_is_silent_or_drips_is_given_up_in_time(greeting: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(greeting)
                while greeting and not stop.wait(0.1):
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return
                stop.wait(5)

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        started = time.monotonic()
        answer = HttpProbes().get(f"http://127.0.0.1:{server.getsockname()[1]}/", timeout=0.5)
        stop.set()
        thread.join(5)
    assert answer.status == 0
    assert "timed out" in answer.text
    assert time.monotonic() - started < 2


def test_something_that_is_not_http_is_no_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def reply() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"-ERR unknown command\r\n")

        thread = threading.Thread(target=reply, daemon=True)
        thread.start()
        assert HttpProbes().get(f"http://127.0.0.1:{server.getsockname()[1]}/").status == 0
        thread.join(5)
