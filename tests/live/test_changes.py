"""`up` changes what differs and nothing else; what would lose something is asked for."""

import pytest

from .stack import Stack, ended, eventually

pytestmark = pytest.mark.live


@pytest.fixture
def pair(stack: Stack) -> Stack:
    """Return a stack of two components that runs."""
    stack.echo().echo("other").write(echo={}, other={}).up()
    return stack


def test_up_again_has_nothing_to_do_and_keeps_every_process(pair: Stack) -> None:
    before, state = pair.pids(), (pair.root / "state.json").read_bytes()
    done = pair.up()
    assert "nothing to do" in done.err
    assert pair.pids() == before
    assert (pair.root / "state.json").read_bytes() == state


def test_a_changed_setting_restarts_just_that_component(pair: Stack) -> None:
    before = pair.pids()
    pair.say("before")
    pair.write(echo={"word": "b"}, other={}).up()
    assert pair.pids()["echo.server"] != before["echo.server"]
    assert pair.pids()["other.server"] == before["other.server"]
    assert pair.said() == ["before"]


def test_a_removed_component_is_stopped_only_with_consent_and_keeps_its_data(pair: Stack) -> None:
    before, state = pair.pids(), (pair.root / "state.json").read_bytes()
    pair.say("before", "other")
    refused = pair.write(echo={}).run("up")
    assert refused.code == 2
    assert "not-confirmed]: `up` would remove other" in refused.err
    assert pair.pids() == before
    assert (pair.root / "state.json").read_bytes() == state
    port = pair.port("other")
    pair.up("--yes")
    assert pair.pids() == {"echo.server": before["echo.server"]}
    pair.write(echo={}, other={}).up()
    assert pair.pids()["echo.server"] == before["echo.server"]
    assert pair.said("other") == ["before"]
    assert pair.port("other") == port


def test_a_consumer_is_not_restarted_when_its_database_goes_on(stack: Stack) -> None:
    stack.echo(database=True).echo("other").write(echo={}, other={}).up()
    before = stack.pids()
    stack.write(echo={}, other={"word": "b"}).up()
    after = stack.pids()
    assert {name for name in after if after[name] != before[name]} == {"other.server"}


def test_down_twice(pair: Stack) -> None:
    assert "everything is stopped" in pair.down().err
    assert "nothing was running" in pair.down().err


def test_down_without_a_stack_that_ever_was(stack: Stack) -> None:
    stack.echo().write(echo={})
    assert "nothing was running" in stack.down().err


@pytest.mark.parametrize("change", ["deleted", "renamed", "broken", "without-its-tools"])
def test_down_needs_no_stack_file(pair: Stack, change: str) -> None:
    match change:
        case "deleted":
            pair.file.unlink()
        case "renamed":
            pair.file.rename(pair.file.with_name("other.yaml"))
        case "broken":
            pair.file.write_text("stack: [")
        case _:
            (pair.folder / "tools").rename(pair.folder / "gone")
    assert "everything is stopped" in pair.down().err


def test_data_is_deleted_only_with_consent(pair: Stack) -> None:
    before = pair.pids()
    pair.say("before")
    refused = pair.run("down", "--delete-data")
    assert refused.code == 2
    assert "not-confirmed" in refused.err
    assert pair.pids() == before
    assert pair.said() == ["before"]
    assert pair.run("down", "--delete-data", "--yes").code == 0
    assert not pair.left()
    assert {each.name for each in pair.root.iterdir()} == {"audit.jsonl", "audit-last.json", "audit.lock", "lock"}


@pytest.mark.parametrize("second", ["up", "down"])
def test_a_second_command_is_refused_and_told_who_changes_the_stack(stack: Stack, second: str) -> None:
    stack.echo().write(echo={"mode": "hang"})
    first = stack.command("up")
    eventually(lambda: "echo.server" in stack.mains())
    refused = stack.run(second)
    assert refused.code == 1
    assert f"stack-locked]: `up` (pid {first.pid}) has been changing this stack since" in refused.err
    (stack.folder / "mended").touch()
    assert ended(first).code == 0
    stack.assert_healthy()
