"""A registry on this machine, for tests: images with their manifests, and the ways in that registries know."""

import base64
import hashlib
import json
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

_MANIFEST = re.compile(r"/v2/(?P<repository>.+)/manifests/(?P<reference>[^/]+)")
_INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass
class Registry:
    """What the registry has and how it answers; tests change it while it runs."""

    port: int = 0
    images: dict[str, bytes] = field(default_factory=dict)
    """`repository:tag` to manifest."""
    way_in: Literal["open", "bearer", "basic"] = "open"
    login: tuple[str, str] | None = None
    """Who may come in; everybody gets a token when None."""
    identity: str = ""
    """An identity token that is as good as the login."""
    token: str = ""
    """What every token is instead of what it is for."""
    realm: str = ""
    """Where tokens are; the registry itself when empty."""
    busy: int = 0
    """How many requests are answered with 503 before others are."""
    tells_digest: bool = True
    wrong_digest: str = ""
    body: bytes | None = None
    """What every manifest is instead."""
    moved_to: str = ""
    """The address that every manifest has moved to."""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path and `Authorization` of each request."""

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def add(self, name: str, content: str = "") -> str:
        """Add an image and return its digest."""
        body = json.dumps({"schemaVersion": 2, "mediaType": _INDEX, "manifests": [], "note": content}).encode()
        self.images[name] = body
        return f"sha256:{hashlib.sha256(body).hexdigest()}"

    def basic(self) -> str:
        assert self.login
        return f"Basic {base64.b64encode(':'.join(self.login).encode()).decode()}"


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: Registry

    def do_HEAD(self) -> None:
        self._manifest()

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/token":
            self._token(parse_qs(urlsplit(self.path).query), self.headers.get("Authorization", ""))
        else:
            self._manifest()

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        known = form.get("grant_type") == ["refresh_token"] and form.get("refresh_token") == [self.registry.identity]
        self._token(form, self.registry.basic() if known else "")

    def _token(self, asked: dict[str, list[str]], authorization: str) -> None:
        self._remember()
        if self.registry.login and authorization != self.registry.basic():
            self._send(401)
        else:
            token = self.registry.token or f"for {asked['scope'][0]} at {asked['service'][0]}"
            self._send(200, json.dumps({"token": token}).encode())

    def _manifest(self) -> None:
        self._remember()
        registry, found = self.registry, _MANIFEST.fullmatch(self.path)
        assert found, self.path
        if registry.busy:
            registry.busy -= 1
            self._send(503)
        elif not self._may_come_in(found["repository"]):
            self._send(401, headers={"WWW-Authenticate": self._challenge()})
        elif registry.moved_to:
            self._send(307, headers={"Location": f"{registry.moved_to}{self.path}"})
        else:
            self._answer(registry.images.get(f"{found['repository']}:{found['reference']}"))

    def _answer(self, body: bytes | None) -> None:
        registry = self.registry
        if body is None or "oci.image.index" not in self.headers.get("Accept", ""):
            self._send(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')
            return
        digest = registry.wrong_digest or f"sha256:{hashlib.sha256(body).hexdigest()}"
        headers = {"Content-Type": _INDEX} | ({"Docker-Content-Digest": digest} if registry.tells_digest else {})
        self._send(200, body if registry.body is None else registry.body, headers)

    def _may_come_in(self, repository: str) -> bool:
        given = self.headers.get("Authorization", "")
        match self.registry.way_in:
            case "bearer":
                return given == f"Bearer for repository:{repository}:pull at the registry"
            case "basic":
                return given == self.registry.basic()
        return True

    def _challenge(self) -> str:
        if self.registry.way_in == "basic":
            return 'Basic realm="the registry"'
        realm = self.registry.realm or f"http://{self.registry.host}/token"
        return f'Bearer realm="{realm}",service="the registry",scope="repository:other:push"'

    def _remember(self) -> None:
        self.registry.asked.append((self.command, self.path, self.headers.get("Authorization", "")))

    def _send(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def registry(certificate: Path | None = None) -> Iterator[Registry]:
    """Run a registry on a free port, and end it; with a file of its key and certificate it speaks TLS."""
    made = Registry()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answers", (_Answers,), {"registry": made}))
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
