"""Commands that refuse root run as another user, even below folders of root that nobody else may enter."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from platinfra.diagnostics import ActionError
from platinfra.drivers import privileges
from platinfra.drivers.process import LocalProcesses

from .programs import NOTED_SLEEP, command, lives, noted, program

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up root")
WHO = "import os, sys\nprint(os.getuid(), os.access(sys.argv[1], os.R_OK), open(sys.argv[2], 'w').write('x'))"


@needs_root
def test_an_unprivileged_command_reads_below_private_folders_and_writes_in_its_own(
    stack: LocalProcesses, folder: Path
) -> None:
    folder.chmod(0o700)
    (folder / "private").mkdir(mode=0o700)
    (folder / "private" / "file").touch(mode=0o600)
    data = folder / "private" / "data"
    spec = command(folder, "postgres.setup", WHO, folder / "private" / "file", data / "new")
    code, text = stack.run(replace(spec, unprivileged=True, owned=(data,)), timeout=10)
    assert (code, text.split()[1:]) == (0, ["True", "1"])
    assert text.split()[0] == str((data / "new").stat().st_uid) != "0"
    assert data.stat().st_uid == (data / "new").stat().st_uid


@needs_root
def test_an_unprivileged_command_cannot_write_elsewhere(stack: LocalProcesses, folder: Path) -> None:
    folder.chmod(0o700)
    spec = command(folder, "postgres.setup", WHO, folder, folder / "new")
    code, text = stack.run(replace(spec, unprivileged=True), timeout=10)
    assert code != 0
    assert "PermissionError" in text


@needs_root
def test_an_unprivileged_program_is_stopped_and_counted_as_any_other(stack: LocalProcesses, folder: Path) -> None:
    data = folder / "data"
    spec = program(folder, "postgres.server", NOTED_SLEEP, data / "pids")
    stack.start(replace(spec, run=replace(spec.run, unprivileged=True, owned=(data,))))
    (pid,) = noted(data / "pids")
    assert os.stat(f"/proc/{pid}").st_uid == data.stat().st_uid != 0
    assert stack.statuses()["postgres.server"].pid == pid
    stack.stop("postgres.server")
    assert not lives(pid)


@needs_root
def test_files_of_others_that_were_linked_into_the_folder_are_not_handed_over(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "precious").touch()
    (tmp_path / "data" / "hard").hardlink_to(tmp_path / "precious")
    (tmp_path / "data" / "soft").symlink_to(tmp_path / "precious")
    (tmp_path / "data" / "own").touch()
    privileges.hand_over([tmp_path / "data"])
    assert (tmp_path / "precious").stat().st_uid == 0
    assert (tmp_path / "data" / "own").stat().st_uid != 0


def test_without_root_nothing_stands_before_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert privileges.prefix() == ()


def test_a_missing_setpriv_is_reported(stack: LocalProcesses, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(ActionError, match="setpriv-missing"):
        stack.run(replace(command(folder, "a.b", ""), unprivileged=True), timeout=5)


def test_the_weaker_capability_is_used_where_the_other_is_out_of_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/setpriv")
    if not sys.platform.startswith("linux"):
        pytest.skip("capabilities are Linux's")
    monkeypatch.setattr(privileges, "_bounding", lambda: 0b110)
    assert any("dac_read_search" in each for each in privileges.prefix())
    monkeypatch.setattr(privileges, "_bounding", lambda: 0b010)
    assert any("dac_override" in each for each in privileges.prefix())
