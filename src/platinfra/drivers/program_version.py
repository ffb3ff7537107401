"""Ask a program for its version."""

import subprocess

_TIMEOUT = 10.0
"""Seconds; the programs answer within one."""


def read_version(path: str, argument: str) -> str:
    """Return what a program prints when it is asked for its version; empty when it cannot be started or does not end."""
    try:
        done = subprocess.run(
            [path, argument],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace")
