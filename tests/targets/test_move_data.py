"""Moving data between two versions of a tool: what is done in which order, and what a fault leaves for the next time."""

import json
from pathlib import Path

import pytest

from platinfra.app.stacks import checked_stack
from platinfra.diagnostics import ActionError, PlatinfraError
from platinfra.model.plan import Progress, Seen
from platinfra.model.reference import show_text
from platinfra.targets.local.actions import Command
from platinfra.targets.local.data_version import DataVersion, read, refuse_older
from platinfra.targets.local.layout import Layout
from platinfra.targets.local.move_data import Copies, MoveData
from tests.worlds import Fakes

FILE, DATA, KEPT = Path("/state/version.json"), Path("/state/data"), Path("/state/kept")
OLD, NEW = "1.9", "1.10"
QUIET = Progress(lambda _: None, lambda: False)


def command(name: str) -> Command:
    return Command(command=((name,),), env={}, cwd=DATA, log=DATA)


def move(version: str) -> MoveData:
    return MoveData(
        key="data:one",
        component="one",
        summary="",
        version=version,
        file=FILE,
        data=DATA,
        kept=KEPT,
        processes=("one.server",),
        copies=Copies(keep=(command("keep"),), put_back=(command("put-back"),)),
        migrate=(command("migrate"),),
    )


def fakes(**found: object) -> Fakes:
    made = Fakes()
    made.files.written[FILE] = json.dumps({"version": "", "moves_to": "", "kept": [], **found}) if found else ""
    return made


def ran(world: Fakes) -> list[str]:
    """Return what was run, with the copy that it was about."""
    return [" ".join((*map(str, each.command), *filter(None, [each.env.get("COPY")]))) for each in world.processes.ran]


def test_new_data_is_of_the_version_that_runs() -> None:
    made = fakes()
    move(NEW).apply(made.world, QUIET)
    assert ran(made) == []
    assert read(made.files, FILE) == DataVersion(NEW)
    assert move(NEW).holds(Seen(made.world))
    assert not move(OLD).holds(Seen(made.world))


def test_a_copy_is_kept_before_the_tool_migrates() -> None:
    made = fakes(version=OLD)
    made.files.written[DATA] = "the data"
    move(NEW).apply(made.world, QUIET)
    assert ran(made) == [f"keep {OLD}", "migrate"]
    assert made.files.written[KEPT / OLD] == "the data"
    assert read(made.files, FILE) == DataVersion(NEW, kept=(OLD,))


def test_a_migration_that_fails_begins_anew_from_the_copy() -> None:
    made = fakes(version=OLD)
    made.files.written[DATA] = "the data"
    made.processes.exit_code = 1
    with pytest.raises(ActionError):
        move(NEW).apply(made.world, QUIET)
    assert read(made.files, FILE) == DataVersion(OLD), "without a copy nothing was begun"
    made.processes.exit_code = 0
    found = DataVersion(OLD, NEW, (OLD,))
    made.files.written[FILE] = json.dumps({"version": OLD, "moves_to": NEW, "kept": [OLD]})
    made.files.written |= {KEPT / OLD: "the data", DATA: "half"}
    assert not move(OLD).holds(Seen(made.world)), found
    made.processes.ran.clear()
    move(NEW).apply(made.world, QUIET)
    assert ran(made) == [f"put-back {OLD}", "migrate"]
    assert made.files.written[DATA] == "the data"


def test_an_unfinished_move_can_be_given_up() -> None:
    made = fakes(version=OLD, moves_to=NEW, kept=[OLD])
    move(OLD).apply(made.world, QUIET)
    assert ran(made) == [f"put-back {OLD}"]
    assert read(made.files, FILE) == DataVersion(OLD, kept=(OLD,))


def test_going_back_keeps_what_is_there_and_puts_the_copy_back() -> None:
    made = fakes(version=NEW, kept=[OLD])
    made.files.written |= {DATA: "later", KEPT / OLD: "earlier"}
    move(OLD).apply(made.world, QUIET)
    assert ran(made) == [f"keep {NEW}", f"put-back {OLD}"]
    assert (made.files.written[DATA], made.files.written[KEPT / NEW]) == ("earlier", "later")
    assert read(made.files, FILE) == DataVersion(OLD, kept=(OLD, NEW))


def test_an_earlier_version_without_a_copy_is_refused() -> None:
    assert refuse_older("one", "tool", OLD, DataVersion(OLD)) is None
    assert refuse_older("one", "tool", OLD, DataVersion(NEW, kept=(OLD,))) is None
    assert refuse_older("one", "tool", NEW, DataVersion(OLD)) is None
    found = refuse_older("one", "tool", OLD, DataVersion(NEW, kept=("1.8",)))
    assert found
    assert found.code == "older-version"
    assert "1.8" in (found.hint or "")


def test_the_refusal_names_the_line_of_the_component(tmp_path: Path) -> None:
    file = tmp_path / "platinfra.yaml"
    file.write_text('name: one\nstack:\n  experiment_tracker:\n    - mlflow: {version: "3.16.1"}\n')
    written = Layout(tmp_path / ".platinfra" / "default").data_version("mlflow")
    written.parent.mkdir(parents=True)
    written.write_text('{"version": "3.99.0", "moves_to": "", "kept": []}')
    with pytest.raises(PlatinfraError) as caught:
        checked_stack(file, None)
    (found,) = caught.value.diagnostics
    assert found.code == "older-version"
    assert (found.span and found.span.line) == 4


def test_commands_name_the_copy_without_changing_what_is_compared() -> None:
    (keep,) = move(NEW).copies.of(OLD).keep
    assert {key: show_text(each) for key, each in keep.env.items()} == {"COPY": OLD}
