"""The HTTP side of the server."""

import http.server
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from . import discovery, requests
from .refusals import Refused
from .requests import Access, Place, Request
from .selectors import matches
from .store import Store
from .workloads import Workloads

_LONGEST_WATCH = 60.0
"""Seconds."""


class Server(http.server.ThreadingHTTPServer):
    """Holds the objects, and answers for as long as it is not told to vanish."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, version: str) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.store, self.access = Store(version), Access()
        self.workloads = Workloads(self.store)
        self.gone, self.silent, self.closed, self.login = False, False, False, True
        self.seen: list[tuple[str, str]] = []
        """Method and path of each request."""
        self.delay = 0.0
        """Seconds that each answer takes on its way."""
        self._under_way, self.most_at_once = 0, 0
        self._counting = threading.Lock()

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count a request as under way for as long as the block runs."""
        with self._counting:
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            yield
        finally:
            with self._counting:
                self._under_way -= 1

    def check_login(self) -> None:
        """Refuse everybody, once a test wants that."""
        if not self.login:
            raise Refused(401, "Unauthorized", "Unauthorized")

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of connections that clients gave up."""


class Conversation(http.server.BaseHTTPRequestHandler):
    """One connection of a client."""

    server: Server
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def answer(self) -> None:
        """Answer one request."""
        body = self._body()
        server = self.server
        if server.gone:
            self._vanish()
            return
        url = urlsplit(self.path)
        server.seen.append((self.command, self.path))
        with server.counted():
            time.sleep(server.delay)
            try:
                server.check_login()
                self._dispatch(url.path, dict(parse_qsl(url.query, keep_blank_values=True)), body)
            except Refused as refusal:
                self._send(refusal.code, refusal.status())

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 (these are the names of http.server)

    def log_message(self, *arguments: object) -> None:
        """Write nothing."""

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _vanish(self) -> None:
        """Close the connection without an answer, or let the client wait."""
        deadline = time.monotonic() + _LONGEST_WATCH
        while self.server.silent and self.server.gone and not self.server.closed and time.monotonic() < deadline:
            time.sleep(0.05)
        self.close_connection = True

    def _dispatch(self, path: str, query: dict[str, str], body: bytes) -> None:
        store = self.server.store
        if path == "/version":
            self._send(200, discovery.version(store.version))
            return
        if path in ("/healthz", "/readyz", "/livez"):
            self._send(200, {})
            return
        if path == "/openapi/v2":
            self._text("", kind="application/octet-stream")  # clients look there for kinds that are nowhere else
            return
        if found := discovery.answer(path, self.headers.get("Accept", ""), store.kinds):
            self._send(200, *found)
            return
        place = requests.place(path, store.kinds)
        if place is None:
            raise Refused(404, "NotFound", "the server could not find the requested resource")
        self._object(place, query, body)

    def _object(self, place: Place, query: dict[str, str], body: bytes) -> None:
        verb = requests.verb(self.command, place, query)
        if place.part == "log":
            self._logs(place, query)
        elif place.part == "portforward":
            self._port_forward(place)
        elif verb == "watch":
            self._watch(place, query)
        else:
            kind_of_body = self.headers.get("Content-Type", "").split(";")[0]
            agent = self.headers.get("User-Agent", "unknown")
            request = Request(verb, place, query, body, kind_of_body, agent)
            self._send(*requests.answer(request, self.server.store, self.server.access))

    def _logs(self, place: Place, query: dict[str, str]) -> None:
        pod = self.server.store.get(place.kind, place.namespace, place.name)
        lines = self.server.workloads.logs.get(pod["metadata"]["name"].rpartition("-")[0], [])
        kept = lines[-int(query["tailLines"]) :] if "tailLines" in query else lines
        self._text("".join(f"{line}\n" for line in kept))

    def _port_forward(self, place: Place) -> None:
        """Agree to speak SPDY, and say no word of it."""
        self.server.store.get(place.kind, place.namespace, place.name)
        if self.headers.get("Upgrade", "").upper() != "SPDY/3.1":
            raise Refused(400, "BadRequest", "unable to upgrade: only SPDY/3.1 is known")
        self.send_response(101)
        for name, value in (("Connection", "Upgrade"), ("Upgrade", "SPDY/3.1")):
            self.send_header(name, value)
        self.send_header("X-Stream-Protocol-Version", "portforward.k8s.io")
        self.end_headers()
        self.close_connection = True
        while not self.server.gone and not self.server.closed and self.connection.recv(4096):
            pass

    def _watch(self, place: Place, query: dict[str, str]) -> None:
        if query.get("sendInitialEvents"):
            raise Refused(422, "Invalid", "sendInitialEvents is forbidden: the feature WatchList is off")
        self.server.access.check("watch", place.kind.plural, place.namespace)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        deadline = time.monotonic() + min(float(query.get("timeoutSeconds") or _LONGEST_WATCH), _LONGEST_WATCH)
        number = int(query.get("resourceVersion") or 0)
        while time.monotonic() < deadline and not self.server.gone and not self.server.closed:
            number = self._tell(place, query, number)
        if self.server.gone:
            self.close_connection = True
        else:
            self._chunk(b"")

    def _tell(self, place: Place, query: dict[str, str], number: int) -> int:
        """Send what happened since `number`; wait a moment when nothing did."""
        store = self.server.store
        with store.changed:
            if store.number == number:
                store.changed.wait(0.1)
            new = [each for each in store.happenings if each.number > number]
            number = store.number
        for each in new:
            metadata = each.content["metadata"]
            inside = not place.namespace or metadata.get("namespace") == place.namespace
            named = not place.name or metadata["name"] == place.name
            chosen = matches(each.content, query.get("labelSelector", ""), query.get("fieldSelector", ""))
            if each.family == place.kind.family and inside and named and chosen:
                event = {"type": each.what, "object": each.content | {"apiVersion": place.kind.api_version}}
                self._chunk(json.dumps(event).encode() + b"\n")
        return number

    def _chunk(self, content: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))
        self.wfile.flush()

    def _send(self, code: int, content: dict[str, Any], kind: str = "application/json") -> None:
        self._text(json.dumps(content), code, kind)

    def _text(self, text: str, code: int = 200, kind: str = "text/plain") -> None:
        body = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
