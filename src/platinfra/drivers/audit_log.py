"""The audit log of a stack on disk: lines are only added, by several processes, and a note of the last one lies beside it."""

import json
import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from platinfra.diagnostics import ActionError, Diagnostic, PlatinfraError
from platinfra.drivers.files import LocalFiles, last_bytes, translate_errors
from platinfra.model.audit import BEGINNING, Act, AuditEntry, Break, Link, find_break, read_line, split_lines

FILE, NOTE, LOCK = "audit.jsonl", "audit-last.json", "audit.lock"
FILES = (FILE, NOTE, LOCK)
"""What outlives the data of a stack."""
_PATIENCE = 20.0
"""Seconds to wait for other processes that write; writing takes milliseconds."""
_LONGEST = 2000
"""Characters that are kept of a person's words."""


class AuditLog:
    """The files of a state folder in which changes of the stack are written down."""

    def __init__(self, folder: Path) -> None:
        """Remember the folder; nothing is read yet."""
        self.path = folder / FILE
        self._note = folder / NOTE
        self._lock = folder / LOCK

    @contextmanager
    def watch(self, act: Act) -> Iterator[dict[str, Any]]:
        """
        Write down an act with what the block puts into the yielded `after`; where it raises, also with the reason.

        Raises ActionError when that cannot be written, unless the block raised something itself.
        """
        after: dict[str, Any] = {}
        try:
            yield after
        except BaseException as error:
            after["failed"] = _reasons(error)
            with suppress(PlatinfraError):
                self.append(act, after)
            raise
        self.append(act, after)

    def append(self, act: Act, after: Any) -> AuditEntry:
        """Add an entry once the disk has it; raise ActionError, and leave the log as it was, when that fails."""
        LocalFiles().folder(self.path.parent)
        with self._alone(), translate_errors(self.path):
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                os.fchmod(descriptor, 0o600)
                link = self._end(descriptor)
                return self._write(descriptor, _entry(act, after, f"{user()}, platinfra {act.action}", link))
            finally:
                os.close(descriptor)

    def entries(self) -> list[AuditEntry]:
        """Return the entries that can be read, the oldest first."""
        return [entry for line in self.lines() if (entry := read_line(line))]

    def lines(self) -> list[bytes]:
        """Return the whole lines of the log."""
        with translate_errors(self.path):
            return list(split_lines(self.path.read_bytes())) if self.path.exists() else []

    def find_break(self) -> Break | None:
        """Return the first line that is not what was written there; None when all are."""
        if not self.path.parent.is_dir():
            return None
        with self._alone():
            last = self._last()
            lost = last is None and self._note.exists()
            return find_break(self.lines(), last) or (Break(1, "may be missing: the note is damaged") if lost else None)

    def _last(self) -> Link | None:
        """Return the entry that is noted as the last one; None when the note is missing or damaged."""
        try:
            content = json.loads(self._note.read_text(encoding="utf-8"))
            return Link(int(content["seq"]), str(content["hash"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _end(self, descriptor: int) -> Link:
        """
        Cut what was never finished, and return the entry that the next one follows.

        That is the noted one, so that lines which were cut off behind it stay missed; or the one line after it.
        """
        size, tail = os.fstat(descriptor).st_size, last_bytes(descriptor, 1)
        whole, _, unfinished = tail.rpartition(b"\n")
        if unfinished:
            os.ftruncate(descriptor, size - len(unfinished))
        line = whole.rpartition(b"\n")[2]
        entry, last = read_line(line), self._last()
        if last is None:
            return self._begin_note(descriptor, entry) if line else BEGINNING
        if entry and entry.follows(last):
            self._keep(entry.link)
            return entry.link
        return last

    def _begin_note(self, descriptor: int, entry: AuditEntry | None) -> Link:
        """Say in the log that nobody knows any more which entry was the last one."""
        act = Act("audit", NOTE, "it was missing or damaged, so entries before this one may have been cut off")
        seal = _entry(act, None, "platinfra", entry.link if entry else BEGINNING)
        return self._write(descriptor, seal).link

    def _write(self, descriptor: int, entry: AuditEntry) -> AuditEntry:
        size = os.fstat(descriptor).st_size
        try:
            rest = entry.line() + b"\n"
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
            self._keep(entry.link)
        except BaseException:
            with suppress(OSError):
                os.ftruncate(descriptor, size)
            raise
        return entry

    def _keep(self, link: Link) -> None:
        LocalFiles().write(self._note, json.dumps(link._asdict()))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let no other process read or write the log for the length of the block."""
        from filelock import FileLock, Timeout

        lock = FileLock(self._lock, timeout=_PATIENCE, mode=0o600)
        with translate_errors(self._lock):
            try:
                lock.acquire()
            except Timeout:
                message = f"another process has held the audit log `{self.path}` for {_PATIENCE:.0f} s"
                raise ActionError(
                    Diagnostic("audit-busy", message, hint="see which one it is, and try again")
                ) from None
        try:
            yield
        finally:
            lock.release()


def user() -> str:
    """Return the name of the user whose process this is; variables of the environment are not asked."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"


def _entry(act: Act, after: Any, who: str, link: Link) -> AuditEntry:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    why = act.why[:_LONGEST].encode(errors="replace").decode()
    return AuditEntry(link.seq + 1, now, who, act.action, act.object, why, act.before, after, link.hash).seal()


def _reasons(error: BaseException) -> list[str]:
    """Return what went wrong, without the lines of logs that problems may show."""
    if isinstance(error, PlatinfraError):
        return [f"{each.code}: {each.message}" for each in error.diagnostics]
    return ["interrupted" if isinstance(error, KeyboardInterrupt) else type(error).__name__]
