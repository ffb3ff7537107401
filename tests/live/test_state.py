"""The state may be lost or damaged while the stack runs: nothing runs twice, and everything can be stopped."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.slow import all_but, slow

from .stack import HERE, Stack

pytestmark = pytest.mark.live

DAMAGE = {
    "deleted": {"state.json": None},
    "truncated": {"state.json": b'{"version": 1, "stack'},
    "empty": {"state.json": b""},
    "garbage": {"state.json": bytes(range(256))},
    "deleted-with-its-copy": {"state.json": None, "state.json.previous": None},
    "garbage-without-a-copy": {"state.json": b"garbage", "state.json.previous": None},
    "garbage-and-garbage": {"state.json": b"garbage", "state.json.previous": b"garbage"},
    "another-shape": {"state.json": b'{"version": 1, "applied": []}', "state.json.previous": None},
    "ports-deleted": {"ports.json": None},
    "ports-garbage": {"ports.json": b"garbage"},
    "all-deleted": {"state.json": None, "state.json.previous": None, "ports.json": None},
}


def _damage(stack: Stack, kind: str) -> None:
    for name, content in DAMAGE[kind].items():
        if content is None:
            (stack.root / name).unlink(missing_ok=True)
        else:
            (stack.root / name).write_bytes(content)


UNREADABLE = ("garbage-without-a-copy", "garbage-and-garbage", "another-shape")
"""Nobody can tell what was applied: `up` does nothing until its owner says so."""


@pytest.mark.parametrize("kind", all_but("garbage", DAMAGE))
def test_up_starts_nothing_twice_after_the_state_was_damaged(stack: Stack, kind: str) -> None:
    stack.echo().echo("other").write(echo={"mode": "worker"}, other={}).up()
    stack.say("before")
    ports, before = stack.ports(), stack.pids()
    _damage(stack, kind)
    if kind in UNREADABLE:
        refused = stack.run("up")
        assert refused.code == 2
        assert "error[state-damaged]" in refused.err
        assert "remove it to start over" in refused.err
        assert stack.pids() == before
        _damage(stack, "deleted-with-its-copy")
    stack.up()
    assert stack.ports() == ports
    assert stack.pids() == before
    assert stack.said() == ["before"]
    assert "nothing to do" in stack.up().err
    stack.down()


@pytest.mark.parametrize("kind", all_but("ports-deleted", DAMAGE))
def test_down_stops_everything_after_the_state_was_damaged(stack: Stack, kind: str) -> None:
    stack.echo().write(echo={"mode": "worker"}).up()
    port = stack.port()
    _damage(stack, kind)
    assert "everything is stopped" in stack.down().err
    stack.up()
    assert kind == "all-deleted" or stack.port() == port


def test_what_left_the_file_is_still_removed_after_the_state_was_lost(stack: Stack) -> None:
    stack.echo().echo("other").write(echo={}, other={}).up()
    before = stack.pids()
    _damage(stack, "all-deleted")
    stack.write(echo={})
    stack.run("up", "--yes")
    stack.assert_healthy()
    assert stack.pids()["echo.server"] == before["echo.server"]


@pytest.mark.parametrize("first", [1, slow(2), slow(3)])
def test_a_disk_that_fills_up_while_the_state_is_saved_loses_nothing(stack: Stack, first: int) -> None:
    stack.echo().echo("other").write(echo={}, other={}).up()
    stack.say("before")
    before = stack.pids()
    stack.write(echo={"word": "b"}, other={})
    done = stack.run(str(first), program=(sys.executable, str(HERE / "full_up.py")))
    assert done.code == 1
    assert "error[disk-full]" in done.err
    assert stack.read("state.json")["applied"]["start:other.server"]["pending"] is False
    assert stack.pids()["other.server"] == before["other.server"]
    stack.up()
    assert stack.pids()["other.server"] == before["other.server"]
    assert stack.said() == ["before"]
    stack.down()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of one megabyte of its own."""
    folder = tmp_path / "small"
    folder.mkdir()
    program = shutil.which("mount")
    command = [program or "mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", str(folder)]
    if os.geteuid() or not program or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk; the tests above fill one up by themselves")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_named_and_nothing_is_lost(small: Path) -> None:
    stack = Stack(small / "a stack")
    try:
        stack.echo().write(echo={}).up()
        stack.say("before")
        state, before = (stack.root / "state.json").read_bytes(), stack.pids()
        stack.write(echo={"word": "b"})
        # Replacing the copy would make room.
        (stack.root / "state.json.previous").unlink()
        _fill(small / "filler")
        done = stack.run("up")
        assert done.code == 1
        assert "error[disk-full]" in done.err
        assert (stack.root / "state.json").read_bytes() == state
        assert stack.pids() == before
        assert stack.said() == ["before"]
        assert stack.status()["echo"]["health"] == "healthy"
        (small / "filler").unlink()
        stack.up()
        assert stack.said() == ["before"]
        stack.down()
    finally:
        (small / "filler").unlink(missing_ok=True)
        stack.end()


def test_a_stack_on_a_full_disk_can_be_stopped(small: Path) -> None:
    stack = Stack(small / "a stack")
    try:
        stack.echo().write(echo={}).up()
        _fill(small / "filler")
        stack.down()
    finally:
        (small / "filler").unlink(missing_ok=True)
        stack.end()


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue
