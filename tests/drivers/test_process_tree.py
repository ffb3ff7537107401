"""Belonging to a program is decided by marks, groups and records, never by a pid alone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from platinfra.drivers import process_tree

from .programs import NOTED_SLEEP, SLEEP, lives, noted

PARENT = (
    "import os, subprocess, sys, time\n"
    "env = {**os.environ, 'PLATINFRA_MARK': 'test-inner:b'}\n"
    f"subprocess.Popen([sys.executable, '-c', {NOTED_SLEEP!r}, sys.argv[1]], env=env)\n"
    "time.sleep(600)"
)


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Return a process with one mark, whose child has another."""
    env = {**os.environ, process_tree.MARK: "test-outer:a"}
    child = subprocess.Popen([sys.executable, "-c", PARENT, tmp_path / "pids"], env=env)
    (grandchild,) = noted(tmp_path / "pids")
    yield child
    child.kill()
    child.wait(10)
    process_tree.send(grandchild, 9)


def test_what_carries_another_mark_belongs_to_somebody_else(parent: subprocess.Popen[bytes]) -> None:
    assert set(process_tree.belongings("test-outer:a", {})) == {parent.pid}
    assert set(process_tree.belongings("test-outer:", {}, whole_stack=True)) == {parent.pid}
    assert parent.pid not in process_tree.belongings("test-inner:b", {})


def test_a_pid_that_was_given_to_another_process_is_nobodys() -> None:
    child = subprocess.Popen([sys.executable, "-c", SLEEP])
    try:
        start = process_tree.snapshot()[child.pid].start
        assert set(process_tree.belongings("x:", {"pid": child.pid, "start": start})) == {child.pid}
        assert set(process_tree.belongings("x:", {"descendants": {child.pid: start}})) == {child.pid}
        assert process_tree.belongings("x:", {"pid": child.pid, "start": "another boot"}) == {}
        assert process_tree.belongings("x:", {"descendants": {child.pid: "another boot"}}) == {}
    finally:
        child.kill()
        child.wait(10)


def test_the_caller_and_its_parents_are_never_among_the_belongings() -> None:
    me = process_tree.snapshot()[os.getpid()]
    assert process_tree.belongings("x:", {"pid": me.pid, "start": me.start}).keys().isdisjoint({me.pid, me.parent})


def test_a_zombie_does_not_live() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert Path(f"/proc/{child.pid}").exists() or sys.platform != "linux"
    assert not lives(child.pid)
    child.wait(10)


def test_ps_tells_the_same_as_proc(parent: subprocess.Popen[bytes]) -> None:
    entries = {each.pid: each for each in process_tree._from_ps()}
    mine = process_tree.snapshot()[parent.pid]
    assert (entries[parent.pid].parent, entries[parent.pid].group) == (mine.parent, mine.group)
