"""Start looks where no cluster does: one at a time, by a schedule and when somebody asks."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import datetime
from typing import TYPE_CHECKING

from model_server.processes import find_cause, with_leash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data_looks.cron import Schedule

_MINUTE = 60


class LookError(Exception):
    """A look failed; its reason in one line."""


class Looks:
    """Runs the program that looks once; it is a process of its own, since it needs much memory for a short time."""

    def __init__(self, command: Sequence[str], address: str, apart: Sequence[str] = ()) -> None:
        """Take the program with its options, the address of the data, and the options of a look at that of a trial."""
        self._command = command
        self._address = address
        self._apart = apart
        self._one = threading.Lock()
        self.problem = ""
        """Why the last look at the data failed; nothing when it did not."""

    def look(self, trial: str = "") -> str:
        """Look at the data, or at that of a trial; return what the program says, and raise LookError."""
        with self._one:
            try:
                said = self._run(trial)
            except LookError as error:
                self.problem = self.problem if trial else f"the last look failed: {error}"
                raise
            self.problem = self.problem if trial else ""
            return said

    def follow(self, schedule: Schedule, ended: threading.Event) -> None:
        """Look whenever the schedule says so, in this machine's time; what is due during a look is that look."""
        while not ended.wait(_MINUTE - datetime.now().astimezone().timestamp() % _MINUTE):
            if schedule.holds(datetime.now().astimezone()):
                try:
                    self.look()
                except LookError as error:
                    sys.stderr.write(f"the look failed: {error}\n")

    def _run(self, trial: str) -> str:
        done = subprocess.run(
            with_leash([*self._command, *(self._apart if trial else ())]),
            env={**os.environ, "STORE_URL": f"{self._address}{trial}"},
            capture_output=True,
            text=True,
            check=False,
        )
        sys.stderr.write(done.stdout + done.stderr)
        sys.stderr.flush()
        if done.returncode:
            raise LookError(find_cause(done.stderr.splitlines()))
        return done.stdout
