"""
Run `platinfra up`, and die of SIGKILL at one moment of one action: `killed_up.py MOMENT KEY`.

`begun`: it is noted and not yet applied; `applied`: it is applied and that is not noted. Between two actions nothing
happens: the moment after one is noted is the one before another begins.
"""

import os
import signal
import sys
from typing import Any

from platinfra.cli.main import run
from platinfra.engine.journal import Journal


def die_at(note: Any, moment: str, wanted: str) -> Any:
    """Return what the journal notes actions with, which ends this process at the moment."""

    def call(journal: Journal[Any], action: Any, *, pending: bool) -> None:
        if (action.key, moment, pending) == (wanted, "applied", False):
            os.kill(os.getpid(), signal.SIGKILL)
        note(journal, action, pending=pending)
        if (action.key, moment, pending) == (wanted, "begun", True):
            os.kill(os.getpid(), signal.SIGKILL)

    return call


def main(moment: str, key: str) -> int:
    """Bring up the stack until then."""
    Journal.note = die_at(Journal.note, moment, key)  # type: ignore[method-assign]
    sys.argv = ["platinfra", "up"]
    return run()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
