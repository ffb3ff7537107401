"""The audit log as data: who changed what and why, each entry chained to the one before it by its hash."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import pairwise
from typing import Any, NamedTuple

NO_HASH = "0" * 64
"""What the first entry has in place of the hash before it."""


@dataclass(frozen=True, slots=True)
class Act:
    """One change of a stack before it is done: what is changed, how, and why."""

    action: str
    """The command, such as `up` or `models promote`."""
    object: str
    """A stack, a component or a model."""
    why: str = ""
    """A person's words."""
    before: Any = None
    """What was there, as plain data without secrets."""


class Link(NamedTuple):
    """The place of an entry in the chain."""

    seq: int
    hash: str


BEGINNING = Link(0, NO_HASH)
"""What comes before the first entry."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the log."""

    seq: int
    """Counts from 1."""
    time: str
    """UTC, in ISO 8601."""
    who: str
    action: str
    object: str
    why: str
    before: Any
    after: Any
    """What is there now, as plain data; `failed` says what went wrong."""
    previous: str
    """The hash of the entry before it."""
    hash: str = ""
    """SHA-256 of the canonical JSON of all other fields, in hexadecimal digits."""

    @property
    def link(self) -> Link:
        """Return its place in the chain."""
        return Link(self.seq, self.hash)

    def follows(self, link: Link) -> bool:
        """Tell whether it comes directly after another entry."""
        return (self.seq, self.previous) == (link.seq + 1, link.hash)

    def seal(self) -> "AuditEntry":
        """Return the entry with its hash."""
        return replace(self, hash=_hash(asdict(self)))

    def line(self) -> bytes:
        """Return the entry as it is written, without the line break: canonical JSON."""
        return _canonical(asdict(self))


_NAMES = {each.name for each in fields(AuditEntry)}


class Break(NamedTuple):
    """The first line of a log that is not what was written there."""

    line: int
    """Counts from 1; one more than there are when lines are missing at the end."""
    what: str


def read_line(line: bytes) -> AuditEntry | None:
    """Return the entry of a line; None when any byte of it is another one than was written."""
    try:
        content = json.loads(line)
        whole = isinstance(content, dict) and content.keys() == _NAMES and type(content["seq"]) is int
        if not whole or _canonical(content) != line or _hash(content) != content["hash"]:
            return None
    except (ValueError, RecursionError):
        return None
    return AuditEntry(**content)


def find_break(lines: Sequence[bytes], last: Link | None) -> Break | None:
    """
    Return the first line that was changed, removed, moved or cut off; None where the chain is whole.

    `last` is the entry that is noted as the last one; None when that note is lost. One entry may come after it: a
    command may have ended between writing the entry and noting it.
    """
    entries = [read_line(each) for each in lines]
    found = [each for each in entries if each]
    for number, (before, entry) in enumerate(pairwise([None, *entries]), 1):
        link = before.link if before else BEGINNING
        if entry is None:
            return Break(number, "was changed")
        if not entry.follows(link):
            return _misplacement(number, entry, link, {each.seq for each in found})
    return _wrong_end(found, last)


def _misplacement(number: int, entry: AuditEntry, link: Link, there: set[int]) -> Break:
    """Say why a line that is whole by itself does not follow the one before it."""
    wanted = link.seq + 1
    if entry.seq == wanted:
        return Break(max(1, number - 1), "was changed")
    if entry.seq > wanted and wanted not in there:
        return Break(number, f"follows a gap: {_entries(wanted, entry.seq - 1)} missing")
    return Break(number, f"is out of order: it is entry {entry.seq}, and entry {wanted} belongs there")


def _wrong_end(entries: Sequence[AuditEntry], last: Link | None) -> Break | None:
    """Say how the end of an unbroken chain differs from what is noted of it."""
    count = len(entries)
    if last is None:
        return Break(count + 1, "may be missing: the note of the last entry is lost") if entries else None
    if count < last.seq:
        return Break(count + 1, f"is missing: the log was cut off there, and had {last.seq} lines")
    if count > last.seq + 1:
        return Break(last.seq + 2, "was added, and not by platinfra")
    if last.seq and entries[last.seq - 1].hash != last.hash:
        return Break(last.seq, "was changed, or a line before it: it has another hash than is noted")
    return None


def _entries(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"


def split_lines(content: bytes) -> Iterator[bytes]:
    """Yield the whole lines; one without a line break at its end was never finished."""
    yield from content.split(b"\n")[:-1]


def _canonical(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")


def _hash(content: dict[str, Any]) -> str:
    rest = {key: value for key, value in content.items() if key != "hash"}
    return hashlib.sha256(_canonical(rest)).hexdigest()
