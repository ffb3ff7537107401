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


def dying(method: Any, moment: str, wanted: str) -> Any:
    """Return the method of the journal, which ends this process at the moment."""

    def call(journal: Journal, action: Any) -> None:
        if action.key == wanted and moment == "applied":
            os.kill(os.getpid(), signal.SIGKILL)
        method(journal, action)
        if action.key == wanted:
            os.kill(os.getpid(), signal.SIGKILL)

    return call


def main(moment: str, key: str) -> int:
    """Bring up the stack until then."""
    name = "begin" if moment == "begun" else "record_done"
    setattr(Journal, name, dying(getattr(Journal, name), moment, key))
    sys.argv = ["platinfra", "up"]
    return run()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
