"""The record of a stack survives an interrupted or damaged write, and every form that was ever written."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from platinfra.diagnostics import PlatinfraError
from platinfra.drivers import record_file
from platinfra.drivers.record_file import Header, RecordFile
from platinfra.model.record import ActionRecord, Migration, Record

ONE, TWO, THREE = (Record(stack=each, target="paper") for each in ("one", "two", "three"))


def of(folder: Path) -> RecordFile[Record]:
    return RecordFile(folder, Record)


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    file = of(tmp_path / "new")
    assert file.load() == Record()
    record = replace(ONE, applied={"a": ActionRecord("start", "mlflow", "d", {"process": "p"}, pending=True)})
    file.save(record)
    assert of(tmp_path / "new").load() == record
    assert file.recovered is None
    assert file.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", [None, "", '{"version": 1, "sta', "[]"])
def test_a_missing_or_truncated_file_falls_back_to_the_copy_and_says_so(tmp_path: Path, damage: str | None) -> None:
    file = of(tmp_path)
    file.save(ONE)
    file.save(TWO)
    if damage is None:
        file.path.unlink()
    else:
        file.path.write_text(damage)
    assert file.load() == ONE
    assert file.header() == Header("one", "paper")
    assert file.recovered
    assert file.recovered.severity == "warning"


def test_a_damaged_file_never_becomes_the_copy(tmp_path: Path) -> None:
    file = of(tmp_path)
    file.save(ONE)
    file.save(TWO)
    file.path.write_text("{")
    file.save(THREE)
    file.path.unlink()
    assert file.load() == ONE


def test_two_damaged_copies_are_an_error_not_an_empty_record(tmp_path: Path) -> None:
    file = of(tmp_path)
    file.save(ONE)
    file.path.write_text("{")
    for look in (file.load, file.header):
        with pytest.raises(PlatinfraError, match="state-damaged"):
            look()
    assert file.load_readable() == Record()


@pytest.mark.parametrize(
    "content", [{"applied": []}, {"applied": {"a": {}}}, {"components": {"mlflow": {"tool": "mlflow"}}}, {"stack": 1}]
)
def test_a_record_of_no_known_shape_is_damaged(tmp_path: Path, content: Mapping[str, Any]) -> None:
    of(tmp_path).path.write_text(json.dumps({"version": 1, **content}))
    with pytest.raises(PlatinfraError, match="state-damaged"):
        of(tmp_path).load()


@pytest.mark.parametrize("version", [2, 0, None, "1", True])
def test_the_record_of_another_version_is_refused(tmp_path: Path, version: object) -> None:
    of(tmp_path).path.write_text(json.dumps({"version": version, "stack": "one", "target": "paper"}))
    with pytest.raises(PlatinfraError, match=rf"state-version.*has version {version}.*reads up to version 1"):
        of(tmp_path).load()
    with pytest.raises(PlatinfraError, match="state-version"):
        of(tmp_path).load_readable()


def test_the_record_of_a_newer_platinfra_is_refused_with_its_version_and_kept(tmp_path: Path) -> None:
    text = json.dumps({"version": 9, "platinfra": "4.0.1", "stack": "one", "target": "paper"})
    of(tmp_path).path.write_text(text)
    with pytest.raises(PlatinfraError) as raised:
        of(tmp_path).load()
    (problem,) = raised.value.diagnostics
    assert "written by platinfra 4.0.1" in problem.message
    assert problem.hint == "use platinfra 4.0.1 or newer"
    assert of(tmp_path).path.read_text() == text
    assert of(tmp_path).header() == Header("one", "paper")


def _named(data: dict[str, Any], _: Path) -> dict[str, Any]:
    return {**data, "stack": data.pop("name")}


def _with_region(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    return {**data, "region": (folder / "region").read_text()}


@dataclass(frozen=True, slots=True)
class Regional(Record):
    """A record that had two other forms before."""

    migrations: ClassVar[tuple[Migration, ...]] = (_named, _with_region)
    destination: ClassVar[str] = "cloud"
    region: str = ""


@pytest.mark.parametrize(
    "saved",
    [
        {"version": 1, "name": "one"},
        {"version": 2, "stack": "one"},
        {"version": 3, "stack": "one", "region": "eu-west-1"},
    ],
)
def test_every_earlier_form_is_migrated_on_load_and_saved_as_the_newest(
    tmp_path: Path, saved: Mapping[str, Any]
) -> None:
    (tmp_path / "region").write_text("eu-west-1")
    file = RecordFile(tmp_path, Regional)
    text = json.dumps({"target": "cloud", **saved})
    file.path.write_text(text)
    record = file.load()
    assert record == Regional(stack="one", target="cloud", region="eu-west-1")
    assert file.path.read_text() == text, "looking changes nothing"
    file.save(record)
    assert json.loads(file.path.read_text())["version"] == 3
    assert file.backup.read_text() == text


def test_a_migration_that_is_interrupted_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = RecordFile(tmp_path, Regional)
    text = json.dumps({"version": 1, "name": "one", "target": "cloud"})
    file.path.write_text(text)
    (tmp_path / "region").write_text("eu-west-1")
    record = file.load()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    for name in ("link", "replace"):
        with monkeypatch.context() as context:
            context.setattr(os, name, interrupt)
            with pytest.raises(KeyboardInterrupt):
                file.save(record)
        assert RecordFile(tmp_path, Regional).load() == record
    file.save(record)
    assert RecordFile(tmp_path, Regional).load() == record


@pytest.mark.parametrize("left", [{"applied": {"a": {}}}, {"cluster": {"name": "kind"}}])
def test_what_is_up_on_another_target_is_not_taken_over(tmp_path: Path, left: Mapping[str, Any]) -> None:
    of(tmp_path).path.write_text(json.dumps({"version": 1, "stack": "one", "target": "paper", **left}))
    with pytest.raises(PlatinfraError, match=r"another-stack.*`one`.*`paper`"):
        RecordFile(tmp_path, Regional).load()


def test_what_was_taken_down_on_another_target_is_nothing(tmp_path: Path) -> None:
    of(tmp_path).save(ONE)
    assert RecordFile(tmp_path, Regional).load() == Regional()


def test_every_version_of_platinfra_looks_at_the_same_place() -> None:
    assert record_file.FILE == "state.json"
