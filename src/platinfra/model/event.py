"""Something that happened, said once; the terminal and JSON output only render it."""

from dataclasses import dataclass
from typing import Literal

Phase = Literal[
    "waiting",
    "installing",
    "preparing",
    "starting",
    "healthy",
    "unchanged",
    "stopping",
    "stopped",
    "failed",
    "changing",
    "applied",
]


@dataclass(frozen=True, slots=True)
class Event:
    """A component entered a phase."""

    component: str
    phase: Phase
    detail: str = ""
    seconds: float = 0.0
    """Since the command began."""
