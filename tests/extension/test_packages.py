"""Tools of a project share a package of their own and one of platinfra: their processes and their checks import both."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

TOOL = """\
name: NAME
summary: Serves what it is told.
homepage: https://example.org
license: MIT
provides: [monitoring]
packages: [bells, model_server]
endpoints:
  http: {port: PORT, ready: /}
client:
  env: {NAME_URL: "${endpoints.http.url}"}
run:
  local:
    env: {PYTHONPATH: "${packages}"}
    processes:
      server:
        command: [python3, "${folder}/server.py", "--port=${endpoints.http.port}", --model=m, "--data=${data}"]
        endpoints: [http]
check: check.py
"""
BELLS = """\
from http.server import BaseHTTPRequestHandler, HTTPServer


class Bell(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ding")
"""
SERVER = """\
from bells import Bell, HTTPServer
from model_server.options import parser

options = parser("Ring.").parse_args()
HTTPServer((options.host, options.port), Bell).serve_forever()
"""
CHECK = """\
import os, sys
from urllib.request import urlopen

import bells
from model_server.checking import split_uri

sys.exit(None if urlopen(os.environ["NAME_URL"]).read() == b"ding" else "it is silent")
"""
STACK = "name: demo\nprovider: {name: local}\nstack:\n  monitoring: [first, second]\n"

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    files = {"platinfra.yaml": STACK, "tools/_packages/bells/__init__.py": BELLS}
    for port, name in ((7411, "first"), (7412, "second")):
        files |= {
            f"tools/{name}/tool.yaml": TOOL.replace("NAME", name).replace("PORT", str(port)),
            f"tools/{name}/server.py": SERVER,
            f"tools/{name}/check.py": CHECK.replace("NAME", name),
        }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    def run_command(*arguments: str, code: int = 0) -> str:
        ended = subprocess.run(
            [Path(sys.executable).with_name("platinfra"), *arguments],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "120"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert ended.returncode == code, (ended.stdout, ended.stderr)
        return ended.stdout + ended.stderr

    yield run_command
    if (tmp_path / ".platinfra").is_dir():
        run_command("down")


@pytest.mark.live
def test_tools_and_checks_of_a_project_import_shared_packages(run: Run) -> None:
    run("up")
    assert {each["health"] for each in json.loads(run("status", "--json"))["components"]} == {"healthy"}
    run("check")


def test_a_package_that_is_missing_is_said_with_its_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "tools" / "_packages" / "bells" / "__init__.py").unlink()
    said = run("validate", code=2)
    assert "error[unknown-package]: there is no shared package `bells`" in said
    assert "first/tool.yaml:6:12" in said
