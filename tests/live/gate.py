"""A server as others run it: it lets through to a server of this machine who brings a token, and nobody else."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_OF_CONNECTIONS = {"connection", "content-length", "host", "transfer-encoding", "authorization"}


@contextmanager
def gate(port: int, tokens: set[str]) -> Iterator[str]:
    """Yield the address; `tokens` may change meanwhile, as tokens expire."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if self.headers.get("Authorization", "").removeprefix("Bearer ") not in tokens:
                self.answer(401, {}, b"")
                return
            server = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            kept = {key: each for key, each in self.headers.items() if key.lower() not in _OF_CONNECTIONS}
            server.request(self.command, self.path, body or None, kept)
            answer = server.getresponse()
            self.answer(answer.status, dict(answer.getheaders()), answer.read())

        def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for key, each in headers.items():
                if key.lower() not in _OF_CONNECTIONS:
                    self.send_header(key, each)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
