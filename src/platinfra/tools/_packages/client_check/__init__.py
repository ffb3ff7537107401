"""How the check of a tool runs that is a library, or has one: `write MARKER` leaves something, and `find MARKER` finds it."""

import signal
import sys
from collections.abc import Callable

__all__ = ["check"]

_PATIENCE = 55
"""Seconds that a check may take: its caller waits little longer."""
Action = Callable[[str], str | None]
"""Takes the marker, and returns what is wrong."""


def check(tool: str, write: Action, find: Action) -> None:
    """Do what the arguments of the script say, `write MARKER` or `find MARKER`, and end with why it failed."""
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"{tool}: no answer within {_PATIENCE} s"))
    signal.alarm(_PATIENCE)
    try:
        sys.exit({"write": write, "find": find}[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:  # whatever the tool's client raises
        sys.exit(f"{tool}: {error!r}")
