"""Ports stay as they are; one that somebody else took is named, with its holder."""

import os
from contextlib import ExitStack

import pytest

from .stack import Stack, free_port, taken

pytestmark = pytest.mark.live


def test_a_port_that_was_taken_meanwhile_is_named_with_its_holder(stack: Stack) -> None:
    stack.echo().echo("other").write(echo={}, other={}).up()
    stack.say("before")
    ports = stack.ports()
    stack.down()
    with taken(stack.port()):
        done = stack.run("up")
        assert done.code == 1
        assert f"port-taken]: port {ports['echo.http']} of `echo` is taken by" in done.err
        assert f"(pid {os.getpid()})" in done.err
        assert "--move-ports" in done.err
        assert stack.said("other") == []
        other = stack.pids()
        assert list(other) == ["other.server"]
        stack.up("--move-ports")
        assert stack.pids()["other.server"] == other["other.server"]
        assert stack.ports()["other.http"] == ports["other.http"]
        assert stack.ports()["echo.http"] != ports["echo.http"]
        assert stack.said() == ["before"]
    moved = stack.ports()
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
