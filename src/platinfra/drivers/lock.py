"""One command at a time may change a stack."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.drivers import process_tree
from platinfra.drivers.files import LocalFiles, translate_errors


@contextmanager
def stack_lock(folder: Path, command: str) -> Iterator[None]:
    """
    Hold the stack of `folder` for `command`; raise ActionError at once when another command holds it.

    The system releases the lock when its holder dies, so nothing has to be cleaned up by hand.
    """
    from filelock import FileLock, Timeout

    files, note = LocalFiles(), folder / "lock.json"
    files.folder(folder)
    lock = FileLock(folder / "lock", timeout=0, mode=0o600)
    with translate_errors(folder / "lock"):
        try:
            lock.acquire()
        except Timeout:
            raise _lock_error(note) from None
    try:
        # The note only tells others who holds the lock: on a full disk a stack can still be stopped.
        with suppress(ActionError):
            files.write(note, json.dumps({**process_tree.me(), "command": command, "since": time.time()}))
        yield
    finally:
        files.remove(note)
        lock.release()


def _lock_error(note: Path) -> ActionError:
    """Name the holder, unless the note is the one of a process that died."""
    holder = process_tree.load(note)
    if not process_tree.find(holder.get("pid", 0), holder.get("start", "")):
        message = "another command is changing this stack"
    else:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(holder["since"]))
        message = f"`{holder['command']}` (pid {holder['pid']}) has been changing this stack since {since}"
    return ActionError(Diagnostic("stack-locked", message, hint="wait for it or interrupt it, then try again"))
