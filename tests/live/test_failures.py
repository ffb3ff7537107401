"""A tool that does not come up is reported with its log; everything else comes up, and the next `up` retries."""

import re
import shutil
from pathlib import Path

import pytest

from tests.slow import all_but

from .stack import CATALOG, Stack

pytestmark = pytest.mark.live


@pytest.mark.parametrize(
    ("mode", "timeout", "reason"),
    [("hang", 3, "did not answer within 3 seconds"), ("crash", 15, "ends as soon as it starts")],
)
def test_a_tool_that_does_not_come_up_is_shown_with_its_log_and_mended(
    stack: Stack, mode: str, timeout: int, reason: str
) -> None:
    stack.echo(timeout=timeout).echo("other", timeout=10).write(echo={"mode": mode}, other={})
    failed = stack.run("up")
    assert failed.code == 1
    assert failed.seconds < 20
    assert f"error[not-ready]: `echo`: the process `echo.server` {reason}" in failed.err
    assert f"  | the reason: {mode}" in failed.err
    log = re.search(r"its log: (.*?);", failed.err)
    assert log
    assert f"the reason: {mode}" in Path(log[1]).read_text()
    assert "run `platinfra up` again" in failed.err
    assert list(stack.pids()) == ["other.server"]
    assert stack.said("other") == []
    status = stack.run("status")
    assert status.code == 1
    before = stack.pids()["other.server"]
    (stack.folder / "mended").touch()
    stack.up()
    assert stack.pids()["other.server"] == before
    stack.down()


def test_what_needs_a_failed_component_waits_for_the_next_up(stack: Stack) -> None:
    stack.echo(database=True).write(echo={})
    folder = stack.folder / "tools" / "postgres"
    (folder / "grant.py").rename(folder / "grant")
    failed = stack.run("up")
    assert failed.code == 1
    assert "command-failed" in failed.err
    assert list(stack.pids()) == ["postgres.server"]
    (folder / "grant").rename(folder / "grant.py")
    stack.up()


def test_a_tool_that_other_machines_can_reach_is_stopped(stack: Stack) -> None:
    stack.echo().echo("other").write(echo={"mode": "public"}, other={})
    failed = stack.run("up")
    assert failed.code == 1
    assert f"error[not-loopback]: `echo.server` listens on 0.0.0.0:{stack.port()}" in failed.err
    assert list(stack.pids()) == ["other.server"]
    stack.write(echo={}, other={}).up()


@pytest.mark.parametrize("damage", all_but("deleted", ["half-made", "no-python", "deleted"]))
def test_a_broken_environment_is_made_again(stack: Stack, tmp_path: Path, damage: str) -> None:
    stack.env["PLATINFRA_CACHE_DIR"] = str(tmp_path / "cache")
    stack.echo(lock=CATALOG / "postgres" / "requirements.lock.txt").write(echo={}).up()
    stack.say("before")
    (environment,) = (tmp_path / "cache" / "environments").glob("echo-*")
    match damage:
        case "half-made":
            (environment / "platinfra.json").unlink()
            shutil.rmtree(next(environment.glob("lib/*/site-packages")) / "psycopg")
        case "no-python":
            (environment / "bin" / "python").unlink()
        case _:
            shutil.rmtree(environment)
    stack.up()
    assert (environment / "bin" / "python").exists()
    assert next(environment.glob("lib/*/site-packages/psycopg")).is_dir()
    assert stack.said() == ["before"]
    stack.down()
    stack.up()
    assert stack.said() == ["before"]
