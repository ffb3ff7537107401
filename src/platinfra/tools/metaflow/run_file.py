"""The flow that `check.py run` runs."""

import subprocess
import sys

from metaflow import FlowSpec, JSONType, Parameter, step


class PlatinfraCheckFile(FlowSpec):
    """Run a Python file in a process of its own, with the environment of steps."""

    command = Parameter("command", type=JSONType, default="[]")

    @step
    def start(self) -> None:
        """Run it; keep what it said at its end."""
        command = [sys.executable, *self.command]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
        self.said = (
            (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1] if done.returncode else ""
        )
        self.next(self.end)

    @step
    def end(self) -> None:
        """Have nothing more to do."""


if __name__ == "__main__":
    PlatinfraCheckFile()
