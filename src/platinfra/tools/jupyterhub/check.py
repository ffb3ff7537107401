"""
Prove that JupyterHub works: sign in as people do, start a server through the hub's API, and stop it again.

Where people sign in at GitHub, only the way there is looked at: the stack's own token is used then.

`write` has a kernel compute a marker and leaves a workspace, `find` looks for that, `run FILE ARGS…` runs a file in a kernel.
"""

import http.cookiejar
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from secrets import token_hex
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, ProxyHandler, Request, build_opener
from uuid import uuid4

from websocket import create_connection

URL = os.environ["JUPYTERHUB_URL"]
ADMIN = "admin"
STACK_USER = "platinfra-check"
"""Whose servers the stack's own token starts."""

# The file gets a process of its own, with the kernel's interpreter and environment:
# a kernel has a running event loop, in which `asyncio.run` of a client would fail.
CELL = """
import subprocess, sys
done = subprocess.run([sys.executable, *{command!r}], capture_output=True, text=True, timeout=110)
if done.returncode:
    raise RuntimeError((done.stderr.strip().splitlines() or [f"exit code {{done.returncode}}"])[-1])
"""


class Session:
    """Somebody who signed in with a browser: the cookies, and a token of their own."""

    def __init__(self, name: str, password: str, note: str) -> None:
        """Sign in on the page, and get a token whose note the hub keeps; raise RuntimeError where nobody is let in."""
        self.user = name
        self.cookies = http.cookiejar.CookieJar()
        self.opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(self.cookies))
        self.token = ""
        self.opener.open(f"{URL}/hub/login", timeout=30).close()
        form = urlencode({"username": name, "password": password, "_xsrf": self.seal()}).encode()
        try:
            # Without `next` the hub would start the admin's own server.
            with self.opener.open(f"{URL}/hub/login?next=/hub/home", form, timeout=30) as page:
                page.read()
        except HTTPError as error:
            raise RuntimeError(f"signing in answers {error.code}") from error
        if not any(each.name == "jupyterhub-session-id" for each in self.cookies) or not self.is_in():
            raise RuntimeError("the hub did not let the admin in")
        self.token = self.own_token(note)

    @classmethod
    def of_the_stack(cls, token: str, note: str) -> "Session":
        """Return a session of a user whom the stack's own token creates, with a token whose note the hub keeps."""
        found = cls.__new__(cls)
        found.user, found.token = STACK_USER, token
        found.cookies = http.cookiejar.CookieJar()
        found.opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(found.cookies))
        with suppress(RuntimeError):  # it may be there already
            found.call("POST", f"/hub/api/users/{STACK_USER}")
        found.token = found.own_token(note)
        return found

    def own_token(self, note: str) -> str:
        """Return a new token of the user."""
        body = {"note": f"platinfra check {note}", "expires_in": 600}
        return str(self.call("POST", f"/hub/api/users/{self.user}/tokens", body)["token"])

    def seal(self) -> str:
        """Return the hub's protection against forged requests, a cookie that requests repeat."""
        return next((each.value or "" for each in self.cookies if each.name == "_xsrf" and "hub" in each.path), "")

    def is_in(self) -> bool:
        """Tell whether the hub knows who asks."""
        try:
            return bool(self.call("GET", "/hub/api/user")["name"])
        except RuntimeError:
            return False

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return what the hub or a server answers."""
        own = {"Authorization": f"token {self.token}"} if self.token else {"X-XSRFToken": self.seal()}
        request = Request(f"{URL}{path}", method=method, headers={**own, "Content-Type": "application/json"})
        request.data = None if body is None else json.dumps(body).encode()
        try:
            with self.opener.open(request, timeout=60) as response:
                return json.loads(response.read() or "null")
        except HTTPError as error:
            said = error.read(500).decode(errors="replace")
            raise RuntimeError(f"{method} {path} answers {error.code}: {said}") from error


class NotFollowed(HTTPRedirectHandler):
    """Leaves an answer that leads elsewhere as it is."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nothing."""


def elsewhere() -> str:
    """Return where people are sent to sign in; nothing where the hub asks for their password itself."""
    opener = build_opener(ProxyHandler({}), NotFollowed())
    try:
        opener.open(f"{URL}/hub/oauth_login", timeout=30).close()
    except HTTPError as error:
        return error.headers.get("Location", "") if error.code == HTTPStatus.FOUND else ""
    return ""


def sign_in(note: str) -> Session:
    """Return a session of the admin, or of the stack where people sign in at GitHub; raise RuntimeError when neither is let in."""
    secret, address = os.environ["JUPYTERHUB_ADMIN_PASSWORD"], urlsplit(elsewhere())
    if address.path != "/login/oauth/authorize":
        return Session(ADMIN, secret, note)
    asked = dict(parse_qsl(address.query))
    if not asked.get("client_id") or asked.get("redirect_uri") != f"{URL}/hub/oauth_callback":
        raise RuntimeError(
            f"people are sent to {address.netloc} with {sorted(asked)}, and to come back to {asked.get('redirect_uri')}"
        )
    return Session.of_the_stack(secret, note)


@contextmanager
def server(note: str) -> Iterator[tuple[Session, str]]:
    """Start a server beside those that people use, and stop it in the end; the hub's database keeps the note."""
    session = sign_in(note)
    name = f"check-{token_hex(4)}"
    path = f"/hub/api/users/{session.user}/servers/{name}"
    session.call("POST", path, {})
    try:
        while not (found := session.call("GET", f"/hub/api/users/{session.user}")["servers"].get(name, {})).get(
            "ready"
        ):
            if found.get("stopped") and not found.get("pending"):
                raise RuntimeError("the server ended as soon as it was started; the hub's log says why")
            time.sleep(0.3)
        yield session, f"/user/{session.user}/{name}"
    finally:
        session.call("DELETE", path, {"remove": True})


def write(marker: str) -> str | None:
    """Have a kernel compute the marker, and leave a workspace, which is kept beside the servers."""
    with server(marker) as (session, base):
        problem, output = in_kernel(session, base, f"print({marker[::-1]!r}[::-1])")
        if problem or output.strip() != marker:
            return problem or f"a kernel printed {output!r} instead of {marker}"
        session.call("PUT", f"{base}/lab/api/workspaces/{marker}", {"data": {}, "metadata": {"id": marker}})
    return None


def find(marker: str) -> str | None:
    """Look for the workspace, with a new server."""
    with server(marker) as (session, base):
        listed = session.call("GET", f"{base}/lab/api/workspaces")["workspaces"]
    return None if marker in listed["ids"] else "not found"


def run(*command: str) -> str | None:
    """Run a file in a new kernel; return why it failed."""
    with server("run") as (session, base):
        problem, _ = in_kernel(session, base, CELL.format(command=list(command)))
    return problem


def in_kernel(session: Session, base: str, code: str) -> tuple[str | None, str]:
    """Execute code in a new kernel; return the value of the error that it raised, and what it printed."""
    kernel = session.call("POST", f"{base}/api/kernels", {"name": "python3"})["id"]
    address = f"{URL.replace('http', 'ws', 1)}{base}/api/kernels/{kernel}/channels"
    request = uuid4().hex
    header = {"msg_id": request, "msg_type": "execute_request", "session": request, "username": "", "version": "5.3"}
    message = {"header": header, "parent_header": {}, "metadata": {}, "channel": "shell", "content": {"code": code}}
    own = {"Authorization": f"token {session.token}"}
    socket = create_connection(address, header=own, timeout=120, http_no_proxy=["*"])
    try:
        socket.send(json.dumps(message))
        return answer_to(socket, request)
    finally:
        socket.close()


def answer_to(socket: Any, request: str) -> tuple[str | None, str]:
    """Wait for reply and output of a request among all messages of a kernel: they come by two channels, in any order."""
    problem, output, awaited = None, "", {"execute_reply", "idle"}
    while awaited:
        message = json.loads(socket.recv())
        if message["parent_header"].get("msg_id") != request:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "stream" and content["name"] == "stdout":
            output += content["text"]
        elif kind == "execute_reply" and content["status"] != "ok":
            problem = content.get("evalue") or content["status"]
        awaited.discard(content["execution_state"] if kind == "status" else kind)
    return problem, output


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("jupyterhub: no answer within 140 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(140)
    actions: dict[str, Callable[..., str | None]] = {"write": write, "find": find, "run": run}
    try:
        sys.exit(actions[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"jupyterhub: {error!r}")
