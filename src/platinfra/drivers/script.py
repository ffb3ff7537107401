"""Run a tool's check script."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

NOT_APPLICABLE = 64
"""Exit code of a script that has nothing to do for an action (sysexits: EX_USAGE)."""


def run_script(command: Sequence[str], env: Mapping[str, str], cwd: Path, *, timeout: float) -> tuple[int, str]:
    """Run a script to its end; return its exit code and the last line it said, 124 when it took too long (seconds)."""
    try:
        done = subprocess.run(
            command,
            env=dict(env),
            cwd=cwd,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return 124, f"no end within {timeout:g} seconds"
    said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return done.returncode, said[-1].strip() if said else ""
