"""A program that dies is started again, and what it left behind is ended first."""

import os
import signal
import time
from pathlib import Path

import pytest

from platinfra.drivers.lost_ports import listened_on
from platinfra.drivers.process import LocalProcesses
from tests.live.stack import free_port

from .programs import (
    CHILD_IN_OWN_SESSION,
    DAEMON,
    NOTED_SLEEP,
    PORT_CHILD,
    PORT_HELPER,
    eventually,
    lives,
    noted,
    pids,
    program,
)

pytestmark = pytest.mark.live

ERASED = (
    "import ctypes, os, subprocess, sys, time\n"
    "if os.environ.pop('PLATINFRA_MARK', None):\n"
    "    subprocess.Popen([sys.executable, *sys.orig_argv[1:]], env={}, start_new_session=True)\n"
    "else:\n"
    "    open(sys.argv[1], 'a').write(f'{os.getpid()}\\n')\n"
    "time.sleep(600)"
)
"""Its child has neither its mark nor its session, as the user servers of JupyterHub."""


def _kill(stack: LocalProcesses, name: str) -> None:
    pid = stack.statuses()[name].pid
    assert pid
    os.kill(pid, signal.SIGKILL)


def test_a_killed_program_comes_back_and_the_restart_is_counted(stack: LocalProcesses, folder: Path) -> None:
    stack.start(program(folder, "a.b", NOTED_SLEEP, folder / "pids"))
    for restarts in (1, 2):
        noted(folder / "pids", restarts)
        _kill(stack, "a.b")
        noted(folder / "pids", restarts + 1)
        assert stack.statuses()["a.b"].restarts == restarts
    first, second, third = pids(folder / "pids")
    assert [lives(each) for each in (first, second, third)] == [False, False, True]


def test_an_orphan_that_keeps_the_port_is_ended_before_the_restart(stack: LocalProcesses, folder: Path) -> None:
    port = free_port()
    stack.start(program(folder, "a.b", PORT_CHILD, folder / "pids", port))
    noted(folder / "pids")
    _kill(stack, "a.b")
    noted(folder / "pids", 2)
    assert stack.statuses()["a.b"].restarts == 1


@pytest.mark.slow
def test_a_program_that_lives_on_without_its_listener_is_started_again(stack: LocalProcesses, folder: Path) -> None:
    port = free_port()
    stack.start(program(folder, "a.b", PORT_HELPER, folder / "pids", port, ports=(port,)))
    stack.start(program(folder, "a.c", PORT_HELPER, folder / "other", free_port()))
    (helper,), (careless,) = noted(folder / "pids.helper"), noted(folder / "other.helper")
    eventually(lambda: listened_on({port}))
    time.sleep(6)  # the supervisor looks every five seconds
    os.kill(helper, signal.SIGKILL)
    os.kill(careless, signal.SIGKILL)
    eventually(lambda: len(pids(folder / "pids")) == 2, 40)
    eventually(lambda: listened_on({port}))
    assert stack.statuses()["a.b"].restarts == 1
    assert stack.statuses()["a.c"].restarts == 0  # nobody said that it listens
    assert f"a.b does not listen on [{port}]" in (folder / "supervisord.log").read_text()


def test_an_orphan_with_its_own_session_is_ended_and_siblings_are_not_touched(
    stack: LocalProcesses, folder: Path
) -> None:
    stack.start(program(folder, "a.server", CHILD_IN_OWN_SESSION, folder / "a"))
    stack.start(program(folder, "a.worker", CHILD_IN_OWN_SESSION, folder / "b"))
    (orphan,), (sibling,) = noted(folder / "a"), noted(folder / "b")
    before = stack.statuses()["a.worker"].pid
    _kill(stack, "a.server")
    _, child = noted(folder / "a", 2)
    assert not lives(orphan)
    assert lives(child)
    assert lives(sibling)
    assert stack.statuses()["a.worker"].pid == before


def test_a_daemon_that_forked_twice_is_ended_with_its_program(stack: LocalProcesses, folder: Path) -> None:
    stack.start(program(folder, "a.b", DAEMON, folder / "pids"))
    (daemon,) = noted(folder / "pids")
    _kill(stack, "a.b")
    _, second = noted(folder / "pids", 2)
    assert not lives(daemon)
    stack.stop("a.b")
    assert not lives(second)


def test_a_child_without_mark_and_session_is_ended_because_it_was_recorded(stack: LocalProcesses, folder: Path) -> None:
    stack.start(program(folder, "a.b", ERASED, folder / "pids"))
    (child,) = noted(folder / "pids")
    tree = folder / "run" / "a.b.tree.json"
    eventually(lambda: str(child) in tree.read_text())
    _kill(stack, "a.b")
    _, second = noted(folder / "pids", 2)
    assert not lives(child)
    stack.stop("a.b")
    assert not lives(second)


def test_a_crash_loop_is_never_tight(stack: LocalProcesses, folder: Path) -> None:
    stack.start(program(folder, "a.b", NOTED_SLEEP.replace("time.sleep(600)", "sys.exit(0)"), folder / "pids"))
    time.sleep(5.5)
    starts = len(pids(folder / "pids"))
    assert 2 <= starts <= 4
    assert stack.statuses()["a.b"].state in ("backoff", "starting")
    assert stack.statuses()["a.b"].restarts == len(pids(folder / "pids")) - 1
    stack.stop("a.b")
