"""Run a command of platinfra in a process of its own: what it loads is gone when it ends."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from platinfra.diagnostics import ActionError, Diagnostic

_OFF = {"NO_COLOR": "1", "COLUMNS": "120"}


def run_own(arguments: Sequence[str], folder: Path, *, timeout: float) -> tuple[int, str, str]:
    """Run `platinfra ARGUMENTS` in a folder for `timeout` seconds; return its exit code, output and messages."""
    command = [sys.executable, "-m", "platinfra", *arguments]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **_OFF},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        message = f"`platinfra {arguments[0]}` did not end within {timeout:.0f} seconds"
        raise ActionError(
            Diagnostic("command-slow", message, hint="run it in a terminal to see what it waits for")
        ) from None
    return done.returncode, done.stdout, done.stderr
