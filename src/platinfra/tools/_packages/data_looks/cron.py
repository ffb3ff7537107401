"""Cron's five fields (minute, hour, day of the month, month, day of the week), as Kubernetes takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NAMED = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_NAMES: tuple[dict[str, int], ...] = (
    {},
    {},
    {},
    dict(zip(_MONTHS, range(1, 13), strict=True)),
    dict(zip(_DAYS, range(7), strict=True)),
)


@dataclass(frozen=True)
class Schedule:
    """The minutes at which something is due."""

    fields: tuple[frozenset[int], ...]
    any_day: tuple[bool, bool]
    """Whether the day of the month, and that of the week, was left open."""

    def holds(self, moment: datetime) -> bool:
        """Tell whether a minute is one of them; of two kinds of days one is enough, as cron has it."""
        minutes, hours, days, months, weekdays = self.fields
        by_day, by_weekday = moment.day in days, moment.isoweekday() % 7 in weekdays
        day = by_day and by_weekday if any(self.any_day) else by_day or by_weekday
        return moment.minute in minutes and moment.hour in hours and moment.month in months and day


def parse(text: str) -> Schedule:
    """Read a schedule; raise ValueError when it is none."""
    fields = _NAMED.get(text, text).lower().replace("?", "*").split()
    if len(fields) != len(_BOUNDS):
        message = f"`{text}` has {len(fields)} fields instead of {len(_BOUNDS)}"
        raise ValueError(message)
    parts = zip(fields, _BOUNDS, _NAMES, strict=True)
    sets = [frozenset(_values(field, bounds, names)) for field, bounds, names in parts]
    sets[4] = frozenset(each % 7 for each in sets[4])  # Sunday has two numbers
    return Schedule(tuple(sets), (fields[2].startswith("*"), fields[4].startswith("*")))


def _values(field: str, bounds: tuple[int, int], names: dict[str, int]) -> Iterator[int]:
    lowest, highest = bounds
    for part in field.split(","):
        span, stepped, step = part.partition("/")
        first, ranged, last = span.partition("-")
        begin, end = (lowest, highest) if span == "*" else (_number(first, names), _number(last or first, names))
        end = highest if stepped and not ranged else end
        if not (lowest <= begin <= end <= highest and int(step or 1) > 0):
            message = f"`{part}` is not within {lowest}-{highest}"
            raise ValueError(message)
        yield from range(begin, end + 1, int(step or 1))


def _number(text: str, names: dict[str, int]) -> int:
    return names[text] if text in names else int(text)
