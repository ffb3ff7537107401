"""Ports stay as they are; one that somebody else took is named, with its holder."""

import os
import pty
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from .stack import Ended, Stack, ended, free_port, kill, taken

pytestmark = pytest.mark.live


def test_a_port_that_was_taken_meanwhile_is_named_with_its_holder(stack: Stack) -> None:
    stack.echo().echo("other").write(echo={}, other={}).up()
    stack.say("before")
    ports = stack.ports()
    stack.down()
    with taken(stack.port()):
        done = stack.run("up")
        assert done.code == 2
        assert f"port-taken]: port {ports['echo.http']} of `echo` is in use by" in done.err
        assert f"(pid {os.getpid()})" in done.err
        assert "--move-ports" in done.err
        assert stack.pids() == {}
        stack.up("--move-ports")
        assert stack.ports()["other.http"] == ports["other.http"]
        assert stack.ports()["echo.http"] != ports["echo.http"]
        assert stack.said() == ["before"]
    moved = stack.ports()
    stack.down()
    stack.up()
    assert stack.ports() == moved


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Stack]:
    made = Stack(tmp_path / "another stack")
    yield made
    made.end()


@pytest.mark.finding("F8")
def test_what_listens_late_or_is_down_for_a_moment_keeps_its_port_from_other_stacks(
    stack: Stack, second: Stack
) -> None:
    usual = free_port()
    mended = stack.folder / "mended"
    mended.touch()
    stack.echo(port=usual).write(echo={"mode": "hang"}).up()
    mended.unlink()
    kill(stack.pids()["echo.server"])  # what is started again listens to nothing
    second.echo(port=usual).write("second", echo={}).up()
    assert second.port() != usual
    second.down()
    mended.touch()
    stack.up()
    stack.down()
    (second.root / "ports.json").unlink()
    second.up()
    assert second.port() == usual
    second.down()
    stack.up("--move-ports")
    (stack.folder / "mended").unlink()
    kill(stack.pids()["echo.server"])
    refused = second.run("up")
    assert refused.code == 2
    assert f"port {usual} of `echo` is in use by the stack `live` in `{stack.folder}`" in refused.err


def up_on_a_terminal(stack: Stack, text: str) -> Ended:
    """Run `up` on a terminal on which somebody types."""
    terminal, end = pty.openpty()
    try:
        child = stack.command("up", stdin=end)
        os.close(end)
        os.write(terminal, f"{text}\n".encode())
        return ended(child)
    finally:
        os.close(terminal)


def test_ports_that_another_stack_took_meanwhile_are_all_named_and_moved_with_consent(
    stack: Stack, second: Stack
) -> None:
    stack.echo().echo("other").write(echo={}, other={}).up()
    stack.say("before")
    ports = stack.ports()
    stack.down()
    second.echo(port=ports["echo.http"]).echo("other", port=ports["other.http"])
    second.write(name="second", echo={}, other={}).up()
    assert second.ports() == ports
    neighbours = second.pids()
    for done in (stack.run("up"), up_on_a_terminal(stack, "n"), stack.run("up", "--yes")):
        assert done.code == 2
        for component in ("echo", "other"):
            whose = f"`{component}.server` of the stack `second` in `{second.folder}`"
            assert f"port {ports[f'{component}.http']} of `{component}` is in use by {whose}" in done.err
        assert "--move-ports" in done.err
        assert stack.pids() == {}
        assert stack.read("ports.json") == ports
    done = up_on_a_terminal(stack, "y")
    assert done.code == 0, done.text
    stack.assert_healthy()
    assert stack.said() == ["before"]
    assert not {*stack.ports().values()} & {*ports.values()}
    assert second.pids() == neighbours
    moved = stack.ports()
    second.down()
    stack.down()
    stack.up()
    assert stack.ports() == moved


def test_moving_ports_moves_only_those_that_are_taken(stack: Stack) -> None:
    stack.echo().echo("other").write(echo={"mode": "worker"}, other={}).up()
    before, ports = stack.pids(), stack.ports()
    stack.up("--move-ports")
    assert stack.ports() == ports
    assert stack.pids() == before


@pytest.mark.slow
def test_a_usual_port_that_is_taken_is_passed_over_and_the_choice_lasts(stack: Stack) -> None:
    port = free_port()
    with ExitStack() as held:
        held.enter_context(taken(port))
        stack.echo(port=port).write(echo={}).up()
        chosen = stack.port()
        assert port < chosen < port + 50
        stack.down()
        stack.up()
        assert stack.port() == chosen
    stack.down()
    stack.up()
    assert stack.port() == chosen


def test_two_tools_with_the_same_usual_port_get_ports_of_their_own(stack: Stack) -> None:
    port = free_port()
    stack.echo(port=port).echo("other", port=port).write(echo={}, other={}).up()
    assert len(set(stack.ports().values())) == 2
