"""JupyterHub on a machine: who comes in, what their servers get, and what is left of them."""

import http.cookiejar
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

import pytest

from .stack import Stack, eventually

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(600)]
LONG = 300
CHECK = Path(__file__).parents[2] / "src" / "platinfra" / "tools" / "jupyterhub"
SERVER = f"""
import json, os, sys
sys.path.insert(0, {str(CHECK)!r})
import check
from urllib.parse import urlencode

password = os.environ["JUPYTERHUB_ADMIN_PASSWORD"]
"""
STRANGERS = """
def refused(name, password):
    try:
        check.Session(name, password, "stranger")
    except RuntimeError:
        return True
    return False
session = check.Session("admin", password, "sign up")
other = check.Session.__new__(check.Session)
other.cookies = check.http.cookiejar.CookieJar()
other.opener = check.build_opener(check.ProxyHandler({}), check.HTTPCookieProcessor(other.cookies))
other.opener.open(f"{check.URL}/hub/signup", timeout=30).close()
words = {"username": "ann", "signup_password": "long enough 1", "signup_password_confirmation": "long enough 1", "_xsrf": other.seal()}
other.opener.open(f"{check.URL}/hub/signup", urlencode(words).encode(), timeout=30).close()
before = refused("ann", "long enough 1")
session.opener.open(f"{check.URL}/hub/authorize/ann", timeout=30).close()
print(json.dumps([refused("admin", "wrong"), before, refused("ann", "long enough 1"), refused("ann", "wrong")]))
"""
USE = """
with check.server("use") as (session, base):
    code = "import json, os; print(json.dumps([dict(os.environ), os.listdir(os.path.expanduser('~'))]))"
    problem, output = check.in_kernel(session, base, code)
    assert problem is None, problem
    print(output)
"""
LEAVE = """
session = check.Session("admin", password, "leave")
session.call("POST", "/hub/api/users/admin/servers/left", {})
while not session.call("GET", "/hub/api/users/admin")["servers"].get("left", {}).get("ready"):
    check.time.sleep(0.3)
"""


@pytest.fixture
def hub(stack: Stack, tmp_path: Path) -> Stack:
    """Bring up a hub beside a tracker, with a repository to clone."""
    source = tmp_path / "lessons"
    git = ["git", "-C", str(source), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "init", "--quiet", str(source)], check=True)
    (source / "first.ipynb").write_text("{}")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "One"], check=True)
    stack.catalog("jupyterhub").catalog("mlflow").catalog("postgres")
    settings = {"settings": {"git_repository": str(source)}}
    stages = {"experiment_tracker": ["mlflow"], "notebook": [{"jupyterhub": settings}]}
    stack.file.write_text(json.dumps({"name": "hub", "stack": stages}))
    up = stack.run("up", within=LONG)
    assert up.code == 0, up.text
    return stack


def answer(stack: Stack, code: str) -> str:
    """Return what a client of the hub prints."""
    python = next(Path(line.split(" ")[0]) for line in processes(stack) if line.endswith("hub_config.py"))
    done = stack.run("run", "--", str(python), "-c", SERVER + code, within=LONG)
    assert done.code == 0, done.text
    return done.out


def processes(stack: Stack) -> list[str]:
    """Return the command lines of the stack's processes."""
    lines = [Path(f"/proc/{pid}/cmdline") for pid in stack.family()]
    return [each.read_bytes().decode().replace("\0", " ").strip() for each in lines if each.exists()]


def test_people_come_in_when_they_are_let_in_and_their_kernels_know_the_stack(hub: Stack) -> None:
    assert json.loads(answer(hub, STRANGERS)) == [True, True, False, True]
    variables, files = json.loads(answer(hub, USE))
    told = json.loads(hub.run("env", "--json").out)
    assert variables["MLFLOW_TRACKING_URI"] == told["MLFLOW_TRACKING_URI"]
    assert [each for each in files if not each.startswith(".")] == ["lessons"]
    assert [each for each in variables if each.startswith("HUB_") or each == "CONFIGPROXY_AUTH_TOKEN"] == []
    secrets = json.loads((hub.root / "secrets.json").read_text())
    hidden = [value for each in secrets.values() for value in each.values()]
    assert [line for line in processes(hub) if any(each in line for each in hidden)] == []
    hub.down()


def test_a_hub_that_is_killed_comes_back_and_down_leaves_no_server(hub: Stack) -> None:
    answer(hub, LEAVE)
    hub.crash("jupyterhub.hub")
    assert not [line for line in processes(hub) if "jupyterhub-singleuser" in line]
    eventually(lambda: all(each["health"] == "healthy" for each in hub.status().values()), 90)
    answer(hub, LEAVE)
    assert [line for line in processes(hub) if "jupyterhub-singleuser" in line]
    hub.down()


class GitHub(BaseHTTPRequestHandler):
    """What the hub asks of GitHub: whoever comes is `person`, and only ann is a member of acme and of its team platform."""

    person = ""
    secrets: list[str] = []  # noqa: RUF012  what was sent to get a token

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        query = parse_qs(asked.query)
        member = self.headers.get("Authorization", "").endswith(" ann")
        match asked.path:
            case "/login/oauth/authorize":
                self.send_response(HTTPStatus.FOUND)
                back = f"{query['redirect_uri'][0]}?code={self.person}&state={query['state'][0]}"
                self.send_header("Location", back)
                self.end_headers()
            case "/api/v3/user":
                self.tell({"login": self.headers["Authorization"].split()[-1], "id": 1, "email": None})
            case "/api/v3/user/teams":
                self.tell([{"slug": "platform", "organization": {"login": "acme"}}] if member else [])
            case "/api/v3/orgs/acme/members/ann":
                self.send_response(HTTPStatus.NO_CONTENT)
                self.end_headers()
            case _:
                self.send_error(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.secrets.append(" ".join(sent.get("client_secret", []) or [self.headers.get("Authorization", "")]))
        self.tell({"access_token": sent["code"][0], "token_type": "bearer", "scope": "read:org"})

    def tell(self, body: Any) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@contextmanager
def github() -> Iterator[str]:
    """Run such a GitHub; yield its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), GitHub) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def come_in(hub: str, person: str) -> dict[str, Any] | int:
    """Sign in with a browser; return what the hub says of whoever came in, or the status of its refusal."""
    GitHub.person = person
    cookies = http.cookiejar.CookieJar()
    opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(cookies))
    try:
        opener.open(f"{hub}/hub/oauth_login?next=/hub/home", timeout=30).close()
    except HTTPError as error:
        return error.code
    seal = next(each.value or "" for each in cookies if each.name == "_xsrf" and "hub" in each.path)
    opener.addheaders = [("X-XSRFToken", seal)]
    with opener.open(f"{hub}/hub/api/user", timeout=30) as answer:
        return dict(json.load(answer))


def test_members_of_an_organization_at_github_come_in_and_nobody_else(stack: Stack) -> None:
    stack.catalog("jupyterhub").catalog("postgres")
    stack.env |= {"HUB_ID": "an-app", "HUB_SECRET": "words-of-the-app"}
    credentials = {"client-id": {"from-env": "HUB_ID"}, "client-secret": {"from-env": "HUB_SECRET"}}
    settings = {"organization": "acme", "admin-team": "platform"}
    with github() as address:
        sign_in = [{"github": {"at": address, "settings": settings, "credentials": credentials}}]
        stack.file.write_text(json.dumps({"name": "hub", "stack": {"notebook": ["jupyterhub"], "sign_in": sign_in}}))
        up = stack.run("up", within=LONG)
        assert up.code == 0, up.text
        page = f"http://127.0.0.1:{stack.port('jupyterhub')}"
        ann = come_in(page, "ann")
        assert isinstance(ann, dict)
        assert (ann["name"], ann["admin"]) == ("ann", True)
        assert come_in(page, "eve") == HTTPStatus.FORBIDDEN
        assert any("words-of-the-app" in each for each in GitHub.secrets)
        checked = stack.run("check", within=LONG)
        assert checked.code == 0, checked.text
        assert [line for line in processes(stack) if "words-of-the-app" in line] == []
    stack.down()
