"""`up` may be killed at every moment: the next `up` finishes, and `down` leaves nothing."""

import contextlib
import json
import os
import signal
import sys
import time

import pytest

from tests.slow import all_but

from .stack import HERE, Stack, ended, eventually

pytestmark = pytest.mark.live

KILLED_UP = (sys.executable, str(HERE / "killed_up.py"))
KEYS = (
    "variables:client",
    *("environment:postgres", "prepare:postgres", "start:postgres.server"),
    *("grant:echo.backend", "prepare:echo", "start:echo.server"),
)
"""Every action of the plan of `_prepared`; a test sees to that."""


def _prepared(stack: Stack) -> Stack:
    return stack.echo(database=True).write(echo={})


def _killed(stack: Stack, moment: str, key: str) -> None:
    done = _prepared(stack).run(moment, key, program=KILLED_UP)
    assert done.code == -signal.SIGKILL, done.text


def test_the_moments_below_are_all_there_are(stack: Stack) -> None:
    done = _prepared(stack).run("plan", "--json")
    assert sorted(each["key"] for each in json.loads(done.out)["changes"]) == sorted(KEYS)


@pytest.mark.parametrize("moment", ["begun", "applied"])
@pytest.mark.parametrize("key", all_but("start:echo.server", KEYS))
def test_up_goes_on_after_up_was_killed(stack: Stack, moment: str, key: str) -> None:
    _killed(stack, moment, key)
    stack.up()
    assert stack.psql("echo", "echo", "SELECT 42").stdout == "[(42,)]\n"
    stack.down()


@pytest.mark.parametrize("key", all_but("start:echo.server", KEYS))
def test_down_cleans_up_after_up_was_killed(stack: Stack, key: str) -> None:
    _killed(stack, "applied", key)
    stack.down()


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_while_a_tool_starts_loses_nothing(stack: Stack) -> None:
    stack.echo("quick").echo().write(quick={}, echo={"mode": "hang"})
    child = stack.command("up")
    eventually(lambda: "echo.server" in stack.mains() and stack.said("quick") == [] and _begun(stack))
    quick, began = stack.pids()["quick.server"], time.monotonic()
    child.send_signal(signal.SIGINT)
    done = ended(child)
    assert time.monotonic() - began < 10
    assert done.code == 130, done.text
    assert "interrupted: nothing is lost, the next command continues from here" in done.err
    assert "echo.server" not in stack.mains()
    (stack.folder / "mended").touch()
    stack.up()
    assert stack.pids()["quick.server"] == quick
    stack.down()


def _begun(stack: Stack) -> bool:
    applied = stack.read("state.json")["applied"]
    return applied.get("quick.server", applied.get("start:quick.server", {})).get("pending") is False


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_while_a_command_runs_ends_it(stack: Stack) -> None:
    setup = [{"command": ["sh", "-c", "sleep 100 & sleep 100; touch ${data}/ready"], "creates": "${data}/ready"}]
    stack.echo(setup=setup).write(echo={})
    child = stack.command("up")
    eventually(lambda: any(mark.startswith("echo/") for mark in stack.marks().values()))
    child.send_signal(signal.SIGINT)
    assert ended(child).code == 130
    assert not stack.marks()
    stack.down()


def test_a_command_of_a_killed_up_does_not_run_beside_its_repetition(stack: Stack) -> None:
    code = (
        "import fcntl, os, sys, time\n"
        "again = os.path.exists(sys.argv[1])\n"
        "door = open(sys.argv[1], 'w')\n"
        "fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "time.sleep(0 if again else 100)\n"
    )
    setup = [{"command": [sys.executable, "-c", code, "${data}/alone"], "creates": "${data}/never"}]
    stack.echo(setup=setup).write(echo={})
    child = stack.command("up")
    eventually(lambda: any(mark.startswith("echo/") for mark in stack.marks().values()))
    eventually((stack.root / "components" / "echo" / "data" / "alone").exists)
    child.kill()
    left = set(stack.marks())
    stack.up()
    assert left
    assert not left & set(stack.marks())


def test_a_database_whose_set_up_was_cut_off_is_set_up_again(stack: Stack) -> None:
    _prepared(stack)
    child = stack.command("up")
    cluster = stack.root / "components" / "postgres" / "data"
    eventually(lambda: list(cluster.rglob("PG_VERSION")))
    child.kill()
    for pid in stack.marks():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    stack.up()
    assert stack.psql("echo", "echo", "SELECT 42").stdout == "[(42,)]\n"
