"""The command with a real stack, in a browser's place."""

import json
import re
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from platinfra.portal.session import Session
from tests.live.stack import Stack, eventually
from tests.portal.stack import Browser
from tests.portal.test_logs import follow, next_event

pytestmark = pytest.mark.live
VIEWS = ("/", "/graph", "/components/echo", "/logs", "/changes", "/catalog")


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    made = Stack(tmp_path / "a stack")
    yield made
    made.end()


def enter(child: "subprocess.Popen[str]") -> Browser:
    """Log in with what the command prints."""
    assert child.stdout
    address, login = re.fullmatch(r"http://(127\.0\.0\.1:\d+)/login/(\S+)\n", child.stdout.readline()).groups()
    person = Browser(Session(address, login=login))
    answer = person.ask(f"/login/{login}", Cookie=None)
    person.session.cookie = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
    return person


def test_a_running_stack_is_shown_and_followed_without_its_secrets(stack: Stack) -> None:
    stack.echo(secret=True).write(echo={"word": "<i>&"}).up()
    child = stack.command("portal", "--port", "0", "--no-browser")
    person = enter(child)
    secrets = [each for part in stack.read("secrets.json").values() for each in part.values()]
    assert secrets
    for path in VIEWS:
        text = person.page(path)
        assert "· live</title>" in text
        assert not any(each in text for each in secrets)
        assert "<i>&" not in text
    assert "1 of 1 healthy" in person.page("/")
    assert "Nothing to do" in person.page("/changes")

    stream = re.search(r'data-stream="/logs/stream\?([^"]*)"', person.page("/logs"))
    assert stream
    with follow(person, stream[1].replace("&amp;", "&")) as answer:
        ask(f"http://127.0.0.1:{stack.port()}/said?{secrets[0]}<b>")
        said = []
        for _ in range(10):
            said += [line for _, _, line in next_event(answer)[1]]
            if any("/said?" in each for each in said):
                break
    assert any("/said?[secret]<b>" in each for each in said)

    assert psutil.Process(child.pid).memory_info().rss < 70_000_000
    end(child)


def test_a_component_is_restarted_from_its_page(stack: Stack) -> None:
    stack.echo().write(echo={}).up()
    child = stack.command("portal", "--port", "0", "--no-browser")
    person = enter(child)
    asked = person.page("/components/echo/restart")
    person.session.form = re.search(r'name="form" value="([^"]+)"', asked)[1]
    before = stack.pids()["echo.server"]
    answer = person.send("/components/echo/restart")
    assert (answer.status, "echo was restarted" in answer.text) == (200, True)
    assert stack.pids()["echo.server"] != before
    stack.assert_healthy()

    end(child)
    stack.down()


def test_the_portal_outlives_the_stack_and_shows_it_when_it_is_back(stack: Stack) -> None:
    stack.echo().write(echo={})
    child = stack.command("portal", "--port", "0", "--no-browser")
    person = enter(child)
    assert "Nothing is running" in person.page("/")
    assert "start echo.server" in person.page("/changes")
    stack.up()
    assert "1 of 1 healthy" in person.page("/")
    assert stack.run("down").code == 0
    assert "0 of 1 healthy" in person.page("/")
    end(child)


def test_a_portal_of_what_cannot_be_shown_says_so(stack: Stack) -> None:
    tools = {"experiment_tracker": ["mlflow"]}
    stack.file.write_text(json.dumps({"name": "x", "provider": {"name": "kubernetes"}, "stack": tools}))
    ended = stack.run("portal", "--no-browser")
    assert ended.code == 2
    assert "error[target-not-available]: `portal` is not available on the target `kubernetes`" in ended.err


def test_a_port_that_is_taken_is_refused(stack: Stack) -> None:
    stack.echo().write(echo={})
    child = stack.command("portal", "--port", "0", "--no-browser")
    person = enter(child)
    ended = stack.run("portal", "--no-browser", "--port", person.session.address.rpartition(":")[2])
    assert ended.code == 2
    assert "error[port-refused]" in ended.err
    end(child)


def end(child: "subprocess.Popen[str]") -> None:
    """End the portal as people do."""
    child.send_signal(signal.SIGINT)
    assert child.wait(20) == 0


def ask(address: str) -> None:
    """Ask a component for anything."""
    eventually(lambda: urllib.request.urlopen(address, timeout=5).status == 200)
