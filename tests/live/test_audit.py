"""Each command that changes a stack on this machine is in its audit log, with what it changed and how it ended."""

import signal
from typing import Any

import pytest

from platinfra.drivers.audit_log import FILES, AuditLog, user

from .stack import Stack, eventually

pytestmark = pytest.mark.live


def entries(stack: Stack) -> list[tuple[str, str, str, Any, Any]]:
    """Return what the log says, without times and hashes; it is whole."""
    log = AuditLog(stack.root)
    assert log.find_break() is None
    assert {each.who for each in log.entries()} <= {f"{user()}, platinfra {each.action}" for each in log.entries()}
    return [(each.action, each.object, each.why, each.before, each.after) for each in log.entries()]


@pytest.mark.slow
def test_what_changes_a_stack_is_written_down_and_what_does_not_is_not(stack: Stack) -> None:
    stack.echo().echo("other").write(echo={}, other={}).up("--why", "a new stack")
    stack.up()
    stack.write(echo={"word": "b"})
    stack.up("--yes")
    assert stack.run("restart", "echo", "--why", "slow").code == 0
    assert stack.run("restart", "nobody").code == 2
    stack.down("--why", "for the night")
    stack.down()
    up, again, restart, down = entries(stack)
    assert up[:4] == ("up", "live", "a new stack", {"components": []})
    assert up[4]["changes"] == {"create": ["client", "echo", "other"]}
    assert again[:4] == ("up", "live", "", {"components": ["client", "echo", "other"]})
    assert again[4]["changes"] == {"remove": ["other"], "update": ["echo"]}
    assert restart == ("restart", "echo", "slow", None, {"restarted": ["echo.server"]})
    assert down == ("down", "live", "for the night", {"components": ["client", "echo"]}, {"data": "kept"})


def test_the_log_outlives_the_data_and_a_lost_state(stack: Stack) -> None:
    stack.echo().write(echo={}).up()
    for each in ("state.json", "state.json.previous"):
        (stack.root / each).unlink(missing_ok=True)
    stack.up()
    stack.down("--delete-data", "--yes")
    assert {each.name for each in stack.root.iterdir()} <= {*FILES, "lock"}
    assert "nothing was running" in stack.down("--delete-data").err
    stack.up()
    stack.down()
    assert [(each[0], each[4].get("data")) for each in entries(stack)] == [
        ("up", None),
        ("up", None),
        ("down", "deleted"),
        ("up", None),
        ("down", "kept"),
    ]


@pytest.mark.slow
def test_what_fails_is_written_down_as_failed(stack: Stack) -> None:
    stack.echo().write(echo={"mode": "crash"})
    assert stack.run("up").code == 1
    [(action, _, _, _, after)] = entries(stack)
    assert action == "up"
    assert after["changes"] == {"create": ["client", "echo"]}
    assert [each.partition(":")[0] for each in after["failed"]] != []


@pytest.mark.usefixtures("interruptible")
def test_a_command_that_was_interrupted_is_written_down(stack: Stack) -> None:
    stack.echo().write(echo={"mode": "hang"})
    child = stack.command("up")
    eventually(lambda: "echo.server" in stack.mains())
    child.send_signal(signal.SIGINT)
    assert child.wait(30) == 130
    [(_, _, _, _, after)] = entries(stack)
    assert after["failed"] == ["interrupted"]
