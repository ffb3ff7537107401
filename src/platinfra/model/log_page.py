"""A piece of a log."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogPage:
    """Whole lines of a log, and where in its file they begin and end, in bytes."""

    lines: tuple[str, ...] = ()
    start: int = 0
    """0 when nothing is before them."""
    end: int = 0
