"""A short private folder for the socket of a supervisor: a unix socket path holds at most 108 characters."""

import os
import shutil
import stat
import tempfile
from pathlib import Path

from platinfra.diagnostics import ActionError, Diagnostic

_LONGEST = 60
"""Characters of the parent; what follows needs at most 47, and macOS allows 104 in all."""


def runtime_folder(key: str) -> Path:
    """Return where the stack `key` keeps its socket, whether it exists or not."""
    return _parent() / f"platinfra-{os.geteuid()}" / key


def create(folder: Path) -> None:
    """Create the folder; raise ActionError when somebody else could have put it there."""
    for each in (folder.parent, folder):
        try:
            each.mkdir(mode=0o700, exist_ok=True)
            _check(each)
        except OSError as error:
            raise _unsafe(each, str(error)) from error


def remove(folder: Path) -> None:
    """Remove the folder, and its parent when no other stack uses it; what somebody else planted stays."""
    try:
        _check(folder.parent)
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.rmdir()
    except (OSError, ActionError):
        return


def _parent() -> Path:
    candidates = (os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir())
    usable = [each for each in candidates if each and len(each) <= _LONGEST and os.access(each, os.W_OK | os.X_OK)]
    return Path(usable[0] if usable else "/tmp")  # noqa: S108


def _check(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise _unsafe(folder, "it is not a folder")
    if found.st_uid != os.geteuid():
        raise _unsafe(folder, "it belongs to another user")
    if found.st_mode & 0o077:
        raise _unsafe(folder, "other users may enter it")


def _unsafe(folder: Path, reason: str) -> ActionError:
    message = f"the folder for the supervisor's socket cannot be used: {reason}"
    hint = f"remove `{folder}`, or set XDG_RUNTIME_DIR to a folder that only you can enter"
    return ActionError(Diagnostic("runtime-folder-unsafe", message, hint=hint))
