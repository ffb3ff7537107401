"""Read a log piece by piece: what is in memory never depends on how long it is."""

from io import BufferedIOBase
from pathlib import Path

from platinfra.drivers.files import translate_errors
from platinfra.model.log_page import LogPage

BLOCK = 128 * 1024
"""Bytes read at once at most; a line is cut where it is longer."""


def read_before(path: Path, end: int | None, lines: int) -> LogPage:
    """Return the last complete lines that end at or before the byte `end`, or at the end of the log."""
    with translate_errors(path):
        try:
            with path.open("rb") as file:
                return _read_before(file, end, lines)
        except FileNotFoundError:
            return LogPage()


def read_after(path: Path, start: int) -> LogPage:
    """Return the complete lines after the byte `start`, of one block; a log that shrank is read from its beginning."""
    with translate_errors(path):
        try:
            with path.open("rb") as file:
                start = start if start <= file.seek(0, 2) else 0
                file.seek(start)
                content = file.read(BLOCK)
        except FileNotFoundError:
            return LogPage()
    whole = content if len(content) == BLOCK and b"\n" not in content else content[: content.rfind(b"\n") + 1]
    return LogPage(_decode(whole), start, start + len(whole))


def _read_before(file: BufferedIOBase, end: int | None, lines: int) -> LogPage:
    size = file.seek(0, 2)
    end = size if end is None else max(0, min(end, size))
    first = max(0, end - BLOCK)
    file.seek(first)
    content = file.read(end - first)
    if b"\n" in content:
        content = content[: content.rfind(b"\n") + 1]
        if first:
            cut = content.find(b"\n", 0, -1) + 1
            first, content = first + cut, content[cut:]
    kept = b"".join(content.splitlines(keepends=True)[-lines:]) if lines > 0 else b""
    return LogPage(_decode(kept), first + len(content) - len(kept), first + len(content))


def _decode(content: bytes) -> tuple[str, ...]:
    return tuple(
        line.decode(errors="replace").rstrip("\r")
        for line in content.split(b"\n")[: content.count(b"\n") or 1]
        if content
    )
