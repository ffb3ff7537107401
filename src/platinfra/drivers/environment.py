"""Virtual environments made by uv, one per lock file, shared between stacks."""

import json
import os
import re
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.drivers import uv
from platinfra.drivers.files import LocalFiles, translate_errors
from platinfra.model.ports import Report

if TYPE_CHECKING:
    from filelock import FileLock

_PAUSE = 0.5
_MARKER = "platinfra.json"
_NETWORK = "check the connection, the proxy and UV_INDEX_URL; downloads are kept in uv's cache"
_CACHE_ONLY = "UV_OFFLINE is set; unset it once to fill uv's cache"


class UvEnvironments:
    """Implements `Environments` in the folder `environments` of a cache."""

    def __init__(self, cache: Path, *, offline: bool = False) -> None:
        """Remember the folder; with `offline` the network is never asked."""
        self._folder = cache / "environments"
        self._offline = offline
        self._interrupted = Event()

    def location(self, lock: Path) -> Path:
        """Return where the environment of `lock` lies, whether it exists or not."""
        return self._folder / f"{lock.absolute().parent.name}-{_digest(lock)[:16]}"

    def ready(self, lock: Path) -> bool:
        """Tell whether the environment of `lock` is complete and its Python still there."""
        folder = self.location(lock)
        try:
            note = json.loads((folder / _MARKER).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return bool(note) and note == _note(folder, lock)

    def ensure(self, lock: Path, report: Report) -> Path:
        """
        Create the environment of `lock` unless it is complete; return its folder.

        The cache is asked first, so nothing is sent over the network when it has everything. A half-made or broken
        environment is made again. Raises ActionError when that fails.
        """
        folder = self.location(lock)
        if self.ready(lock):
            return folder
        with self._hold(folder, report):
            if not self.ready(lock):
                self._make(folder, lock, report)
        return folder

    def compile(self, packages: Sequence[str], lock: Path, report: Report) -> None:
        """Resolve `packages` together into the hashed lock file `lock`; what it pins stays where possible."""
        LocalFiles().folder(self._folder)
        part = lock.with_name(f".{lock.name}.{os.getpid()}.part")
        try:
            with translate_errors(lock):
                LocalFiles().folder(lock.parent)
                part.write_bytes(lock.read_bytes() if lock.exists() else b"")
            self._compile(packages, part, report)
            with translate_errors(lock):
                part.chmod(0o600)
                os.replace(part, lock)
        finally:
            part.unlink(missing_ok=True)

    def _compile(self, packages: Sequence[str], part: Path, report: Report) -> None:
        report(f"resolving {_pluralise(len(packages), 'package')}")
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        options = ["--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate", "--quiet"]
        python = ["--python", sys.executable, "--python-version", version, "--no-python-downloads"]
        arguments = ["pip", "compile", "-", *options, *python, "-o", str(part)]
        for scope in (["--universal"], []):  # some packages conflict only on another Python or platform than this one
            outcome = self._try([*arguments, *scope], report, "\n".join(packages) + "\n")
            if not outcome.conflict:
                break
        if outcome.conflict:
            message = "the packages conflict"
            raise outcome.error("environment-conflict", message, "change one of the named versions", part)
        if outcome.code:
            raise outcome.error("environment-failed", "the packages could not be resolved", self._hint(), part)

    def _make(self, folder: Path, lock: Path, report: Report) -> None:
        LocalFiles().remove(folder)
        python = folder / "bin" / "python"
        options = ["--quiet", "--no-project", "--no-python-downloads", "--python", sys.executable]
        outcome = uv.run(["venv", *options, str(folder)], self._folder)
        if outcome.code:
            raise outcome.error("environment-failed", f"`{folder}` could not be created", self._hint(), folder)
        packages = re.findall(r"^[A-Za-z0-9][\w.\[\],-]*\s*(==|@)", lock.read_text(encoding="utf-8"), re.MULTILINE)
        report(f"installing {_pluralise(len(packages), 'package')}")
        install = ["pip", "install", "--require-hashes", "--no-python-downloads", "--python", str(python)]
        outcome = self._try([*install, "-r", str(lock.absolute())], report)
        if outcome.code:
            message = f"the packages of `{lock}` could not be installed"
            raise outcome.error("environment-failed", message, self._hint(), folder)
        LocalFiles().write(folder / _MARKER, json.dumps(_note(folder, lock)))

    def _try(self, arguments: Sequence[str], report: Report, text: str = "") -> uv.Outcome:
        """Run uv on its cache alone, and with the network only if that fails."""
        outcome = uv.run([*arguments, "--offline"], self._folder, text=text)
        if outcome.code == 0 or self._offline or outcome.full:
            return outcome
        report("downloading what the cache lacks")
        return uv.run(arguments, self._folder, report, text)

    def _hint(self) -> str:
        return _CACHE_ONLY if self._offline else _NETWORK

    def interrupt(self) -> None:
        """End what another thread installs or waits for; it raises ActionError there."""
        self._interrupted.set()
        uv.interrupt()

    def _await(self, lock: "FileLock") -> None:
        from filelock import Timeout

        while not self._interrupted.is_set():
            with suppress(Timeout):
                lock.acquire(timeout=_PAUSE)
                return
        message = "another platinfra process was still creating the same environment"
        raise ActionError(Diagnostic("interrupted", message))

    @contextmanager
    def _hold(self, folder: Path, report: Report) -> Iterator[None]:
        """Let one process at a time make an environment; the lock of a dead one is free."""
        from filelock import FileLock, Timeout

        with translate_errors(folder):
            LocalFiles().folder(self._folder)
            lock = FileLock(folder.with_name(f".{folder.name}.lock"))
            try:
                lock.acquire(timeout=0)
            except Timeout:
                report("waiting for another platinfra process that creates the same environment")
                self._await(lock)
        try:
            yield
        finally:
            lock.release()


def _digest(lock: Path) -> str:
    """Hash what decides about the content: the lock, the Python and the platform."""
    try:
        content = lock.read_bytes()
    except OSError as error:
        raise ActionError(Diagnostic("environment-failed", f"the lock file `{lock}` is missing")) from error
    place = f"{sys.implementation.cache_tag} {sysconfig.get_platform()}"
    return sha256(content + b"\0" + place.encode()).hexdigest()


def _note(folder: Path, lock: Path) -> dict[str, object]:
    """
    Describe a complete environment: its content, and the very Python behind its link.

    A Python that was upgraded in place or removed makes the note differ, at the price of one stat.
    """
    try:
        python = (folder / "bin" / "python").resolve(strict=True)
        found = python.stat()
    except OSError:
        return {}
    return {"digest": _digest(lock), "python": str(python), "size": found.st_size, "changed": found.st_mtime_ns}


def _pluralise(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
