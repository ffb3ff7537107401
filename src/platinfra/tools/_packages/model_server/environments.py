"""The Python environment that a model logged, made once by uv and kept by the hash of what was asked."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import uv
import yaml

from model_server.processes import find_cause, with_leash

if TYPE_CHECKING:
    from pathlib import Path

ASKED_FILES = ("requirements.txt", "constraints.txt")
TAIL_LINES = 8
FRAME = re.compile("[\u00d7\u2500-\u257f\u25b6]")
"""What uv draws around its messages: a cross, lines and arrows."""


class PreparationError(Exception):
    """A model version cannot be made ready to serve."""


def minor(version: str) -> tuple[int, ...]:
    """Read the first two numbers of a Python version."""
    return tuple(int(part) for part in version.split(".")[:2])


def wanted_python(model: Path) -> str | None:
    """Read the Python version that the model was logged with."""
    file = model / "python_env.yaml"
    if not file.exists():
        return None
    python = (yaml.safe_load(file.read_text()) or {}).get("python")
    return str(python) if python else None


def require_python(model: Path, running: str) -> None:
    """Refuse a model of another Python minor version: its packages and pickles would not load."""
    wanted = wanted_python(model)
    if wanted and minor(wanted) != minor(running):
        message = f"the model was logged with Python {wanted} and this server runs Python {running}"
        raise PreparationError(message)


def environment_key(model: Path, running: str) -> str:
    """Hash everything that decides what is installed."""
    digest = hashlib.sha256(repr((minor(running), sys.platform)).encode())
    for name in ASKED_FILES:
        file = model / name
        digest.update(b"\0" + (file.read_bytes() if file.exists() else b""))
    return digest.hexdigest()[:24]


def why(errors: str) -> str:
    """Return what uv says, in one line: without frames and hints, and of a build that failed its own error."""
    told, _, build = errors.partition("[stderr]")
    lines = [FRAME.sub("", line).strip() for line in told.splitlines()]
    said = " ".join([line for line in lines if line and not line.startswith("hint:")][-TAIL_LINES:])
    built = [line for line in build.splitlines() if not line.strip().startswith("hint:")]
    return f"{said}: {find_cause(built)}" if build else said


class Installer:
    """
    Makes environments below one folder; `stop` ends a build that is under way.

    The build dependencies in python_env.yaml are left out: uv builds packages in environments of their own.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._running: subprocess.Popen[str] | None = None
        self._stopped = False

    def prepare(self, model: Path) -> Path:
        """Return the interpreter of the model's environment, made unless it is complete already."""
        running = ".".join(map(str, sys.version_info[:3]))
        require_python(model, running)
        if not (model / "requirements.txt").exists():
            raise PreparationError("the model has no requirements.txt")
        folder = self._root / environment_key(model, running)
        marker, python = folder / "complete", folder / "venv" / "bin" / "python"
        if not (marker.exists() and python.exists()):  # the interpreter it links to may have been removed
            folder.mkdir(parents=True, exist_ok=True)
            self._build(model, folder)
        marker.touch()  # its age tells which environments are out of use
        return python

    def stop(self) -> None:
        """End the build under way and refuse further ones."""
        with self._lock:
            self._stopped = True
            if self._running:
                self._running.kill()

    def _build(self, model: Path, folder: Path) -> None:
        venv, lock = folder / "venv", folder / "lock.txt"
        (folder / "complete").unlink(missing_ok=True)
        shutil.rmtree(venv, ignore_errors=True)
        self._uv(["venv", "--no-python-downloads", "--python", sys.executable, str(venv)], folder)
        python = str(venv / "bin" / "python")
        if not lock.exists():
            self._resolve(model, lock, python)
        self._offline_first(["pip", "install", "--python", python, "--require-hashes", "-r", str(lock)], folder)

    def _resolve(self, model: Path, lock: Path, python: str) -> None:
        draft = lock.with_suffix(".draft")
        draft.unlink(missing_ok=True)  # uv would take its versions as preferences
        command = ["pip", "compile", "--generate-hashes", "--no-header", "--no-annotate", "--python", python]
        self._offline_first([*command, "requirements.txt", "-o", str(draft)], model)
        draft.rename(lock)

    def _offline_first(self, arguments: list[str], cwd: Path) -> None:
        try:
            self._uv([*arguments, "--offline"], cwd)
        except PreparationError:
            if os.environ.get("UV_OFFLINE", "").lower() in {"1", "true", "yes", "on"}:
                raise
            self._uv(arguments, cwd)

    def _uv(self, arguments: list[str], cwd: Path) -> None:
        with self._lock:
            if self._stopped:
                raise PreparationError("stopped")
            command = with_leash([uv.find_uv_bin(), "--quiet", "--no-progress", *arguments])
            self._running = subprocess.Popen(
                command, cwd=cwd, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
        _, errors = self._running.communicate()
        if self._running.returncode:
            raise PreparationError(f"its packages cannot be installed: {why(errors)}")
