"""The state survives an interrupted or damaged write."""

from pathlib import Path

import pytest

from platinfra.diagnostics import PlatinfraError
from platinfra.drivers.state_file import VERSION, StateFile


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    state = StateFile(tmp_path / "new")
    assert state.load() is None
    state.save({"stack": "one"})
    assert StateFile(tmp_path / "new").load() == {"version": VERSION, "stack": "one"}
    assert state.recovered is None
    assert state.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", [None, "", '{"version": 1, "sta', "[]"])
def test_a_missing_or_truncated_file_falls_back_to_the_copy_and_says_so(tmp_path: Path, damage: str | None) -> None:
    state = StateFile(tmp_path)
    state.save({"stack": "one"})
    state.save({"stack": "two"})
    if damage is None:
        state.path.unlink()
    else:
        state.path.write_text(damage)
    assert state.load() == {"version": VERSION, "stack": "one"}
    assert state.recovered
    assert state.recovered.severity == "warning"


def test_a_damaged_file_never_becomes_the_copy(tmp_path: Path) -> None:
    state = StateFile(tmp_path)
    state.save({"stack": "one"})
    state.save({"stack": "two"})
    state.path.write_text("{")
    state.save({"stack": "three"})
    state.path.unlink()
    assert state.load() == {"version": VERSION, "stack": "one"}


def test_two_damaged_copies_are_an_error_not_an_empty_state(tmp_path: Path) -> None:
    state = StateFile(tmp_path)
    state.save({"stack": "one"})
    state.path.write_text("{")
    with pytest.raises(PlatinfraError, match="state-damaged"):
        state.load()


@pytest.mark.parametrize("version", [VERSION + 1, None, "1"])
def test_the_state_of_another_version_is_refused(tmp_path: Path, version: object) -> None:
    state = StateFile(tmp_path)
    state.save({"version": version})
    with pytest.raises(PlatinfraError, match="state-version"):
        state.load()


def test_clear_forgets_both_copies(tmp_path: Path) -> None:
    state = StateFile(tmp_path)
    state.save({})
    state.save({})
    state.clear()
    state.clear()
    assert state.load() is None
