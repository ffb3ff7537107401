"""Lines of logs for pages and for streams."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams

from platinfra.model.log_page import LogPage
from platinfra.targets.answers import LogReader

LINES = 200
"""Of one log on a page."""
POLL = 0.4
"""Seconds between two looks at followed logs."""
_BEAT = 15.0
"""Seconds after which a silent stream says that it lives."""
_LONGEST = 300.0
"""Seconds of one stream; browsers go on where it ended."""
_CUT = 2_000
"""Characters of a line that are shown."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of one log."""

    source: str
    component: str
    text: str


@dataclass(frozen=True, slots=True)
class Extract:
    """The ends of several logs."""

    lines: tuple[Line, ...]
    ends: Mapping[str, int]
    """Log to the byte after what was read."""
    starts: Mapping[str, int]
    """Log to the byte where it begins."""

    @property
    def position(self) -> str:
        """Return where a stream has to go on."""
        return to_position(self.ends)


def extract(reader: LogReader, component: str, text: str, end: int | None, lines: int = LINES) -> Extract:
    """Return the last lines of a component's logs, or of all, that contain a text."""
    pages = {name: reader.before(name, end, lines) for name in sources_of(reader, component)}
    found = tuple(line for name, each in pages.items() for line in lines_of(reader, name, each, text))
    ends, starts = {name: each.end for name, each in pages.items()}, {name: each.start for name, each in pages.items()}
    return Extract(found, ends, starts)


def sources_of(reader: LogReader, chosen: str) -> list[str]:
    """Return the logs of a component, the one log of that name, or all."""
    return [name for name, owner in reader.sources.items() if chosen in {"", owner, name}]


def lines_of(reader: LogReader, source: str, page: LogPage, text: str) -> Iterator[Line]:
    """Yield the lines that contain a text, whatever its case."""
    wanted = text.casefold()
    for each in page.lines:
        if wanted in each.casefold():
            yield Line(source, reader.sources[source], each if len(each) <= _CUT else f"{each[:_CUT]}…")


def to_position(ends: Mapping[str, int]) -> str:
    """Return places in logs as text."""
    return str(QueryParams(dict(ends)))


def from_position(text: str) -> dict[str, int]:
    """Return the places that a text names; what is none is left out."""
    return {name: int(value) for name, value in QueryParams(text).items() if value.isdecimal() and len(value) < 19}


async def stream(
    reader: LogReader, ends: dict[str, int], text: str, is_closing: Callable[[], bool]
) -> AsyncIterator[str]:
    """Yield server-sent events: an array of lines each, with the places in the logs as their id."""
    began = spoke = time.monotonic()
    yield ": follows\n\n"
    while not is_closing() and time.monotonic() - began < _LONGEST:
        found = await run_in_threadpool(_read_new, reader, ends, text)
        if found:
            content = json.dumps([[each.source, each.component, each.text] for each in found])
            yield f"id: {to_position(ends)}\ndata: {content}\n\n"
            spoke = time.monotonic()
        elif time.monotonic() - spoke > _BEAT:
            yield ": nothing new\n\n"
            spoke = time.monotonic()
        await asyncio.sleep(POLL)


def _read_new(reader: LogReader, ends: dict[str, int], text: str) -> list[Line]:
    """Return what was added since the last look, and remember how far that was read."""
    found: list[Line] = []
    for name, start in ends.items():
        page = reader.after(name, start)
        ends[name] = page.end
        found += lines_of(reader, name, page, text)
    return found
