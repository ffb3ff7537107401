"""The folders and files of a stack on the local disk."""

import contextlib
import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.model.workspace import Workspace

_BLOCK = 64 * 1024
_FULL = (errno.ENOSPC, errno.EDQUOT)


def make_state_folder(workspace: Workspace) -> None:
    """Make the state folder of a workspace: private, and ignored by Git."""
    top = workspace.root.parent
    try:
        top.mkdir(mode=0o700, exist_ok=True)
        ignore = top / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
        workspace.root.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        message = f"cannot create `{workspace.root}`: {error.strerror or error}"
        hint = "the state is kept next to the stack file; choose a folder you can write to"
        raise ActionError(Diagnostic("state-not-written", message, hint=hint)) from None


class LocalFiles:
    """Implements `Files`."""

    def folder(self, path: Path) -> None:
        """Create a folder, and the missing ones above it, that only the owner can enter."""
        with translate_errors(path):
            _create_folder(path)
            found = path.stat()
            if found.st_uid == os.geteuid() and found.st_mode & 0o077:
                path.chmod(0o700)

    def write(self, path: Path, text: str) -> None:
        """Write a file that only the owner can read, all of it or nothing, also when the power fails."""
        with translate_errors(path):
            _create_folder(path.parent)
            _replace(path, text.encode())

    def link(self, path: Path, target: Path) -> None:
        """Make `path` a symbolic link to `target`; what it led to before is replaced at once."""
        part = path.with_name(f"{path.name}.part")
        with translate_errors(path):
            _create_folder(path.parent)
            part.unlink(missing_ok=True)
            part.symlink_to(target)
            os.replace(part, path)

    def copy(self, path: Path, target: Path) -> None:
        """Make `target` a copy of a folder, all of it or nothing; what was there before goes."""
        part, gone = (target.with_name(f".{target.name}.{each}") for each in ("part", "gone"))
        for each in (part, gone):
            self.remove(each)
        with translate_errors(target):
            _create_folder(target.parent)
            shutil.copytree(path, part, symlinks=True)
            if target.exists():
                os.replace(target, gone)
            os.replace(part, target)
        self.remove(gone)

    def exists(self, path: Path) -> bool:
        """Tell whether a file or folder exists."""
        return path.exists()

    def remove(self, path: Path) -> None:
        """Remove a file or a folder with all it holds; what is missing is no error."""
        with translate_errors(path), contextlib.suppress(FileNotFoundError):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def tail(self, path: Path, lines: int) -> Sequence[str]:
        """Return the last lines of a text file, none when it is missing."""
        try:
            with path.open("rb") as file:
                return last_bytes(file.fileno(), lines).decode(errors="replace").splitlines()[-lines:] if lines else []
        except (FileNotFoundError, IsADirectoryError):
            return []


@contextlib.contextmanager
def translate_errors(path: Path) -> Iterator[None]:
    """Turn an error of the file system into an ActionError that names `path`."""
    try:
        yield
    except OSError as error:
        raise failure(error, path) from error


def failure(error: OSError, path: Path) -> ActionError:
    """Return what to tell about an error of the file system."""
    if error.errno in _FULL:
        return disk_full(path)
    hint = "check its owner and permissions" if isinstance(error, PermissionError) else None
    return ActionError(Diagnostic("file-failed", f"cannot use `{path}`: {error.strerror or error}", hint=hint))


def disk_full(path: Path, details: tuple[str, ...] = ()) -> ActionError:
    """Return what to tell when nothing more fits on the disk of `path`."""
    message = f"no space is left on the disk of `{path}`"
    hint = "free some space and run the command again; finished work is kept"
    return ActionError(Diagnostic("disk-full", message, hint=hint, details=details))


def _create_folder(path: Path) -> None:
    """Create each missing folder privately; `Path.mkdir(parents=True)` applies its mode to the last one only."""
    missing = [each for each in (path, *path.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
    if not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))


def _replace(path: Path, content: bytes) -> None:
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.", suffix=".part")
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def last_bytes(descriptor: int, lines: int) -> bytes:
    """Read blocks backwards until `lines` line breaks lie between them and the end."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        return b""
    position, found = os.lseek(descriptor, 0, os.SEEK_END), b""
    while position > 0 and found.count(b"\n") <= lines:
        size = min(_BLOCK, position)
        position -= size
        found = os.pread(descriptor, size, position) + found
    return found
