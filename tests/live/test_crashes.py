"""Whatever dies comes back by itself, once, with everything it was told."""

import pytest

from tests.slow import all_but

from .stack import Stack, eventually, kill

pytestmark = pytest.mark.live


@pytest.mark.parametrize("mode", all_but("worker", ["normal", "worker", "parent", "deaf"]))
def test_a_killed_component_comes_back_once_with_its_data(stack: Stack, mode: str) -> None:
    stack.echo(grace=1).write(echo={"mode": mode}).up()
    stack.say("before")
    stack.crash("echo.server")
    eventually(lambda: stack.said() == ["before"])
    stack.assert_healthy()
    assert stack.status()["echo"]["restarts"] == 1
    stack.say("after")
    stack.down()
    stack.up()
    assert stack.said() == ["before", "after"]


def test_a_killed_database_comes_back_with_its_data(stack: Stack) -> None:
    stack.echo(database=True).write(echo={}).up()
    assert stack.psql("echo", "echo", "CREATE TABLE kept AS SELECT 42 AS answer").returncode == 0
    before = stack.pids()
    stack.crash("postgres.server")
    eventually(lambda: stack.psql("echo", "echo", "SELECT answer FROM kept").stdout == "[(42,)]\n")
    stack.assert_healthy()
    assert stack.pids()["postgres.server"] != before["postgres.server"]
    assert stack.pids()["echo.server"] == before["echo.server"]
    assert "nothing to do" in stack.up().err


@pytest.mark.parametrize("mode", all_but("normal", ["normal", "worker", "parent", "deaf"]))
def test_components_survive_the_supervisor_and_up_takes_over_without_a_second_copy(stack: Stack, mode: str) -> None:
    stack.echo(grace=1).write(echo={"mode": mode}).up()
    stack.say("before")
    before, supervisor, ports = stack.pids(), stack.supervisor(), stack.ports()
    kill(supervisor)
    assert stack.said() == ["before"]
    assert stack.pids()["echo.server"] == before["echo.server"]
    stack.up()
    assert stack.supervisor() != supervisor
    assert stack.ports() == ports
    assert stack.said() == ["before"]
    stack.crash("echo.server")
    eventually(lambda: stack.said() == ["before"])


@pytest.mark.parametrize("mode", ["normal", "worker", "parent", "deaf"])
def test_down_cleans_up_after_a_killed_supervisor(stack: Stack, mode: str) -> None:
    stack.echo(database=mode == "normal", grace=1).write(echo={"mode": mode}).up()
    kill(stack.supervisor())
    stack.down()


def test_a_database_without_its_supervisor_is_taken_over_with_its_data(stack: Stack) -> None:
    stack.echo(database=True).write(echo={}).up()
    assert stack.psql("echo", "echo", "CREATE TABLE kept AS SELECT 42 AS answer").returncode == 0
    kill(stack.supervisor())
    assert stack.psql("echo", "echo", "SELECT answer FROM kept").stdout == "[(42,)]\n"
    stack.up()
    assert stack.psql("echo", "echo", "SELECT answer FROM kept").stdout == "[(42,)]\n"
    stack.down()


@pytest.mark.parametrize("mode", ["deaf", "parent"])
def test_down_ends_what_does_not_want_to_end(stack: Stack, mode: str) -> None:
    stack.echo(grace=1).write(echo={"mode": mode}).up()
    done = stack.down()
    assert done.seconds < 15
