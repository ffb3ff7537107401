"""Files are private, complete, or not there."""

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from platinfra.diagnostics import ActionError
from platinfra.drivers.files import LocalFiles

FILES = LocalFiles()


def test_a_file_is_written_privately_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    FILES.write(path, "text ü")
    assert path.read_text(encoding="utf-8") == "text ü"
    assert [each.stat().st_mode & 0o777 for each in (path, path.parent, path.parent.parent)] == [0o600, 0o700, 0o700]
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_others_could_read_is_replaced_by_a_private_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "file").chmod(0o644)
    FILES.write(tmp_path / "file", "new")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600


def test_a_folder_is_made_private(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    for name in ("open", "new"):
        FILES.folder(tmp_path / name)
        FILES.folder(tmp_path / name)
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o700


def test_a_folder_where_a_file_is_fails(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ActionError, match="file-failed"):
        FILES.folder(tmp_path / "file")


def test_remove_takes_files_folders_and_links_but_not_what_they_point_to(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    (tmp_path / "folder" / "link").symlink_to(tmp_path / "kept")
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    for name in ("folder", "link", "missing"):
        FILES.remove(tmp_path / name)
        assert not FILES.exists(tmp_path / name)
    assert (tmp_path / "kept" / "file").exists()


@pytest.mark.parametrize("count", [0, 1, 3, 100_000])
def test_tail_returns_the_last_lines(tmp_path: Path, count: int) -> None:
    lines = [f"line {number}" for number in range(20_000)]
    (tmp_path / "log").write_text("\n".join(lines) + "\n")
    assert list(FILES.tail(tmp_path / "log", count)) == (lines[-count:] if count else [])


def test_tail_of_odd_files_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\nlast without break")
    (tmp_path / "empty").touch()
    assert FILES.tail(tmp_path / "bytes", 1) == ["last without break"]
    assert FILES.tail(tmp_path / "empty", 5) == []
    assert FILES.tail(tmp_path / "missing", 5) == []
    assert FILES.tail(tmp_path, 5) == []


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FILES.write(tmp_path / "file", "old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ActionError, match="disk-full"):
        FILES.write(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a disk of 64 KiB; only root can make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_really_full_disk_leaves_the_old_file(small_disk: Path) -> None:
    FILES.write(small_disk / "file", "old")
    with pytest.raises(ActionError, match="disk-full"):
        FILES.write(small_disk / "file", "x" * 200_000)
    assert (small_disk / "file").read_text() == "old"
    assert len(list(small_disk.iterdir())) == 1
