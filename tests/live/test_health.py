"""What `status` and `up` say of a stack that runs as its file says, and does not work."""

import json
from pathlib import Path

import pytest

from platinfra.model.ports import Answer
from platinfra.targets.local.health import health_of

from .stack import Stack, eventually, kill

pytestmark = [pytest.mark.live]


@pytest.mark.finding("F2", "F9")
def test_what_a_tool_says_of_its_health_reaches_status_and_up(stack: Stack) -> None:
    stack.echo().echo("other").write(echo={}, other={}).up()
    health = stack.folder / "health"
    health.write_text(json.dumps({"status": "serving", "version": "1", "preparing": "2"}))
    preparing = stack.run("status")
    assert preparing.code == 0
    assert "preparing" in preparing.out
    assert "version 2" in preparing.out
    health.write_text(
        json.dumps({"status": "failed", "waiting_for": "models:/m@a", "problem": "version 2: no such package"})
    )
    failed = stack.run("status", "--json")
    assert failed.code == 1
    assert {each["health"] for each in json.loads(failed.out)["components"]} == {"failed"}
    assert {each["detail"] for each in json.loads(failed.out)["components"]} == {"version 2: no such package"}
    up = stack.run("up")
    assert up.code == 1
    assert "nothing to do" not in up.text
    assert "error[not-ready]: `echo` is failed: version 2: no such package" in up.err
    health.write_text("{}")
    assert stack.run("up").code == 0


@pytest.mark.finding("F9")
def test_up_looks_at_what_is_starting_again_and_waits_or_says_so(stack: Stack) -> None:
    mended = stack.folder / "mended"
    mended.touch()
    stack.echo().write(echo={"mode": "crash"}).up()
    mended.unlink()
    kill(stack.pids()["echo.server"])
    eventually(lambda: stack.status()["echo"]["restarts"] > 1)
    failed = stack.run("up")
    assert failed.code == 1, failed.text
    assert "error[not-ready]: `echo`" in failed.err
    mended.touch()
    stack.up()


@pytest.mark.finding("F9")
def test_up_waits_for_a_component_that_is_starting_again(stack: Stack, tmp_path: Path) -> None:
    mended = stack.folder / "mended"
    mended.touch()
    stack.echo().write(echo={"mode": "hang"}).up()
    before = stack.pids()["echo.server"]
    mended.unlink()
    kill(before)
    eventually(lambda: stack.pids().get("echo.server", before) != before)
    waiting = stack.command("up")
    eventually(lambda: "starting" in {each["health"] for each in stack.status().values()})
    mended.touch()
    out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, out + err
    stack.assert_healthy()


@pytest.mark.finding("F2")
@pytest.mark.parametrize(
    ("answer", "health"),
    [
        (Answer(200, "OK"), ("healthy", "")),
        (Answer(200, '{"waiting_for": "models:/m@a", "status": "waiting"}'), ("waiting", "for models:/m@a")),
        (
            Answer(200, '{"waiting_for": "models:/m@a", "status": "preparing", "preparing": "3"}'),
            ("preparing", "version 3"),
        ),
        (Answer(200, '{"status": "serving", "version": "1", "problem": "no"}'), ("failed", "no; version 1 is served")),
        (Answer(200, '{"status": "failed"}'), ("failed", "it does not say why")),
        (Answer(503, '{"message": "no worker"}'), ("starting", "http://x answers 503: no worker")),
        (Answer(0, "refused"), ("starting", "http://x answers refused")),
        (Answer(200, "[1]"), ("healthy", "")),
    ],
)
def test_each_answer_has_a_health(answer: Answer, health: tuple[str, str]) -> None:
    assert health_of("http://x", answer) == health
