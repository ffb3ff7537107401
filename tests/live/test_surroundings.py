"""What the commands and processes of a stack find around them: the company's proxy, and folders that are theirs alone."""

import json
import os
import subprocess
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values

from .proxy import proxy
from .stack import Stack

pytestmark = [pytest.mark.live]

FETCH = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=10).read().decode())"


def variables(pid: int) -> dict[str, str]:
    """Return the environment of a process."""
    entries = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(each.split("=", 1) for each in entries if "=" in each)


@pytest.mark.finding("F3")
def test_no_proxy_is_asked_for_this_machine_and_the_companys_settings_stay(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with proxy() as (address, asked):
        stack.env |= {
            "HTTP_PROXY": address,
            "http_proxy": address,
            "ALL_PROXY": address,
            "no_proxy": "intranet.example",
        }
        stack.env |= {"REQUESTS_CA_BUNDLE": "/etc/company.pem"}
        stack.echo().write(echo={}).up()
        url = f"http://127.0.0.1:{stack.port()}/health"
        assert stack.run("run", "--", "python3", "-c", FETCH, url).code == 0
        script = f'eval "$(cat env.sh)"; python3 -c "{FETCH}" {url}'
        (stack.folder / "env.sh").write_text(stack.run("env").out)
        dotenv = dotenv_values(stream=StringIO(stack.run("env", "--format", "dotenv").out))
        assert dotenv == json.loads(stack.run("env", "--json").out)
        settings = json.loads(stack.run("env", "--format", "vscode").out)
        assert settings["python.defaultInterpreterPath"] == stack.run("run", "--", "which", "python").out.strip()
        shell = {**os.environ, **stack.env}
        subprocess.run(["sh", "-c", script], cwd=stack.folder, env=shell, check=True, capture_output=True, timeout=30)
        assert asked == []
        outside = stack.run("run", "--", "python3", "-c", FETCH, "http://elsewhere.example/x")
        assert outside.out.strip() == "the proxy"
        assert asked == ["http://elsewhere.example/x"]
        for found in (json.loads(stack.run("env", "--json").out), variables(stack.pids()["echo.server"])):
            assert found["NO_PROXY"] == found["no_proxy"] == "intranet.example,127.0.0.1,localhost,::1"
        process = variables(stack.pids()["echo.server"])
        assert process["ALL_PROXY"] == process["HTTP_PROXY"] == address
        assert process["REQUESTS_CA_BUNDLE"] == "/etc/company.pem"


@pytest.mark.finding("F4")
def test_each_component_has_a_temporary_folder_of_its_own(stack: Stack) -> None:
    stack.env["TMPDIR"] = "/tmp"
    stack.echo().echo("other").write(echo={}, other={}).up()
    for name in ("echo", "other"):
        process = variables(stack.pids()[f"{name}.server"])
        own = (stack.root / "components" / name).resolve()
        assert Path(process["TMPDIR"]).resolve() == own / "tmp"
        assert Path(process["HOME"]).resolve() == own / "home"
        assert len(process["TMPDIR"]) < 75, "Python makes unix sockets there, whose paths hold 107 characters"
        assert "XDG_RUNTIME_DIR" not in process
    (stack.root / "components" / "echo" / "tmp" / "left").touch()
    stack.down()
    assert not (stack.root / "components" / "echo" / "tmp").exists()
    stack.up()
