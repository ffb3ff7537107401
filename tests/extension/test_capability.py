"""A capability with logins and its tools in a project folder alone: they run here and render for a cluster."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

CAPABILITY = """\
name: ledger
summary: Keeps accounts, with a login for each consumer.
attributes: [url, host, port, username, password]
access: [read, write]
default_access: [read, write]
port: 7400
credentials: [username, password, url]
enforced: {machine: a login of its own in the book, cluster: a login of its own; its Secret}
"""
BOOK = """\
name: book
summary: A ledger of one file.
homepage: https://example.org
license: MIT
provides:
  ledger:
    url: "http://${consumer.username}:${consumer.password}@${endpoints.http.host}:${endpoints.http.port}"
    username: "${consumer.username}"
    password: "${consumer.password}"
endpoints:
  http: {port: 7400, ready: /}
run:
  local:
    processes:
      server:
        command: [python3, -m, http.server, --bind, 127.0.0.1, "${endpoints.http.port}", --directory, "${data}"]
        endpoints: [http]
    grants:
      ledger:
        command: [python3, "${folder}/grant.py", "${data}"]
        env: {LOGIN: "${consumer.username}", PASSWORD: "${consumer.password}"}
  kubernetes:
    workloads:
      main:
        image: example.org/book:1
        endpoints: [http]
check: check.py
"""
GRANT = """\
import os, pathlib, sys
login = pathlib.Path(sys.argv[1]) / os.environ["LOGIN"]
login.write_text(os.environ["PASSWORD"])
"""
CLERK = """\
name: clerk
summary: Writes into a ledger.
homepage: https://example.org
license: MIT
provides: [monitoring]
requires:
  accounts: {capability: ledger}
endpoints:
  http: {port: 7500, ready: /}
run:
  local:
    env: {ACCOUNTS: "${accounts.url}"}
    processes:
      server:
        command: [python3, "${folder}/clerk.py", "${endpoints.http.port}"]
        endpoints: [http]
  kubernetes:
    workloads:
      main:
        image: example.org/clerk:1
        endpoints: [http]
        credentials: [accounts]
        env: {ACCOUNTS: "${accounts.url}"}
check: check.py
"""
CLERK_PROGRAM = """\
import os, sys, urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

class Desk(BaseHTTPRequestHandler):
    def do_GET(self):
        where = urlsplit(os.environ["ACCOUNTS"])
        with urllib.request.urlopen(f"http://{where.hostname}:{where.port}/{where.username}", timeout=5) as book:
            known = book.read().decode() == where.password
        self.send_response(200 if known else 500)
        self.end_headers()
        self.wfile.write(where.username.encode())

HTTPServer(("127.0.0.1", int(sys.argv[1])), Desk).serve_forever()
"""
STACK = "name: demo\nprovider: {name: PROVIDER}\nstack:\n  ledger: [book]\n  monitoring: [clerk]\n"

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    files = {
        "capabilities/ledger.yaml": CAPABILITY,
        "tools/book/tool.yaml": BOOK,
        "tools/book/grant.py": GRANT,
        "tools/book/check.py": "raise SystemExit(0)\n",
        "tools/clerk/tool.yaml": CLERK,
        "tools/clerk/clerk.py": CLERK_PROGRAM,
        "tools/clerk/check.py": "raise SystemExit(0)\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    def run_command(*arguments: str) -> str:
        ended = subprocess.run(
            [Path(sys.executable).with_name("platinfra"), *arguments],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "120"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert ended.returncode == 0, (ended.stdout, ended.stderr)
        return ended.stdout

    yield run_command
    if (tmp_path / ".platinfra").is_dir():
        run_command("down")


@pytest.mark.live
def test_a_consumer_gets_a_login_of_its_own_on_this_machine(run: Run, tmp_path: Path) -> None:
    from urllib.request import urlopen

    (tmp_path / "platinfra.yaml").write_text(STACK.replace("PROVIDER", "local"))
    assert "a login of its own in the book" in run("permissions")
    run("up")
    components = {each["name"]: each for each in json.loads(run("status", "--json"))["components"]}
    assert components["clerk"]["health"] == "healthy"
    with urlopen(components["clerk"]["address"], timeout=5) as answer:
        assert answer.read() == b"clerk"


def test_a_consumer_gets_a_secret_with_its_login_in_a_cluster(run: Run, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text(STACK.replace("PROVIDER", "kubernetes"))
    run("validate")
    assert "a login of its own; its Secret" in run("permissions")
    run("render", "--format", "manifests", "--out", "out")
    objects = [
        each
        for file in sorted((tmp_path / "out").rglob("*.yaml"))
        for each in yaml.safe_load_all(file.read_text())
        if each
    ]
    text = "".join(each.read_text() for each in (tmp_path / "out").rglob("*") if each.is_file())
    assert re.search(r"clerk-accounts[^}]*password[^}]*url[^}]*username", text)  # Secrets are asked for, never written
    [clerk] = [each for each in objects if each["kind"] == "Deployment" and each["metadata"]["name"] == "clerk"]
    assert "clerk-accounts" in json.dumps(clerk)


def test_its_explanation_names_its_tools(run: Run, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text(STACK.replace("PROVIDER", "local"))
    assert "book" in run("explain", "ledger")
