"""Run the `uv` of the wheel that platinfra depends on."""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.drivers.files import disk_full
from platinfra.model.ports import Report

_LINES = 20
_running: set[subprocess.Popen[str]] = set()
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "UV_SYSTEM_CERTS", "UV_NATIVE_TLS")
_UNWANTED = ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "UV_PYTHON")
_PROGRESS = re.compile(r"^\s*(Resolved|Downloading|Building|Prepared|Installed)\b.*")
_CONFLICT = "No solution found when resolving dependencies"
_UNREACHED = ("network was disabled", "not found in the cache", "offline")
_FULL = ("No space left on device", "os error 28", "Disk quota exceeded")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run of uv ended."""

    code: int
    output: str
    lines: tuple[str, ...]
    """What it said about its work."""

    @property
    def conflict(self) -> bool:
        """Tell whether the packages conflict, known without a network."""
        text = "\n".join(self.lines)
        return _CONFLICT in text and not any(each in text for each in _UNREACHED)

    @property
    def full(self) -> bool:
        """Tell whether the disk is full."""
        return any(each in line for line in self.lines for each in _FULL)

    def error(self, code: str, message: str, hint: str, place: Path) -> ActionError:
        """Return what to tell about the failure, with the last lines of uv."""
        details = self.lines[-_LINES:]
        if self.full:
            return disk_full(place, details)
        return ActionError(Diagnostic(code, message, hint=hint, details=details))


def run(arguments: Sequence[str], cwd: Path, report: Report | None = None, text: str = "") -> Outcome:
    """Run uv with `text` as its input; pass on what it says about its progress."""
    child = subprocess.Popen(
        [_program(), "--no-progress", "--color=never", *arguments],
        cwd=cwd,
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    _running.add(child)
    try:
        lines = _talk(child, text, report)
        return Outcome(child.wait(), "\n".join(lines), tuple(lines))
    finally:
        _running.discard(child)
        if child.poll() is None:
            child.kill()
            child.wait()


def interrupt() -> None:
    """End every uv that another thread runs."""
    for child in list(_running):
        child.terminate()


def _talk(child: subprocess.Popen[str], text: str, report: Report | None) -> list[str]:
    """Write a short input, which fits into the pipe, then read to the end."""
    assert child.stdin
    assert child.stdout
    with child.stdin, child.stdout:
        with contextlib.suppress(BrokenPipeError):
            child.stdin.write(text)
            child.stdin.close()
        lines = []
        for line in child.stdout:
            lines.append(line.rstrip())
            if report and _PROGRESS.match(line):
                text = line.strip()
                report(text[:1].lower() + text[1:])
        return lines


def _program() -> str:
    """Return uv beside this Python, or raise ActionError."""
    from uv import find_uv_bin

    try:
        return find_uv_bin()
    except FileNotFoundError as error:
        message = "the program `uv` is missing beside this Python"
        hint = f"install it again: {sys.executable} -m pip install --force-reinstall uv"
        raise ActionError(Diagnostic("environment-failed", message, hint=hint)) from error


def _environment() -> dict[str, str]:
    """
    Return the caller's environment without what would lead uv to another Python.

    uv brings its own certificates, which know nothing of a company's proxy: the system's are asked unless the
    caller named some.
    """
    env = {name: value for name, value in os.environ.items() if name not in _UNWANTED}
    if not any(env.get(name) for name in _CERTIFICATES):
        env["UV_SYSTEM_CERTS"] = "1"
    return env
