"""Run Terraform as a child that ends gracefully: interrupted or not, it saves its state and releases its lock."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from platinfra.drivers import terraform_launcher

_PAUSE = 0.1
_PATIENCE = 300.0
"""Seconds that an interrupted Terraform has to finish what is under way."""
_BLOCK = 1024 * 1024
_FIXED = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1", "NO_COLOR": "1"}
_UNWANTED = ("TF_CLI_ARGS", "TF_WORKSPACE", "TF_DATA_DIR", "TF_VAR_")
"""Starts of variables that would make Terraform do something else than what it is asked."""


class TerraformProcess:
    """
    One run of Terraform in a session of its own, so that only `stop` interrupts it and not the terminal.

    It writes into files in memory, not into pipes: a pipe without a reader would kill it before it releases its lock.
    """

    def __init__(self, command: Sequence[str], folder: Path, env: Mapping[str, str]) -> None:
        """Start it."""
        self._out, self._err = _file(), _file()
        self._child = subprocess.Popen(
            [*launcher(), *command],
            cwd=folder,
            env=environment(env),
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._err,
            start_new_session=True,
        )

    def follow(self, line: Callable[[str], None]) -> int:
        """
        Pass on every line of its output until it ends; return its exit code.

        An interrupt of the user stops it gracefully first, and so does whatever `line` raises.
        """
        tail = _Tail(self._out)
        try:
            while not self._has_ended():
                tail.read(line)
            tail.read(line)
        except KeyboardInterrupt:
            self.stop(lambda: tail.read(line))
            raise
        except BaseException:
            self.stop()
            raise
        return self._child.returncode

    def stop(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Ask it to stop gracefully and wait; kill it after five minutes, or when the user interrupts once more."""
        deadline = time.monotonic() + _PATIENCE
        with contextlib.suppress(ProcessLookupError):
            self._child.send_signal(signal.SIGINT)
        try:
            while not self._has_ended() and time.monotonic() < deadline:
                meanwhile()
        finally:
            if self._child.poll() is None:
                # The providers too: they are in the same process group.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._child.pid, signal.SIGKILL)
                self._child.wait()

    def output(self) -> str:
        """Return all that it wrote to its standard output."""
        return content(self._out)

    def errors(self) -> str:
        """Return all that it wrote to its standard error."""
        return content(self._err)

    def _has_ended(self) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(_PAUSE)
        return self._child.returncode is not None


class _Tail:
    """Reads the lines that were added to a file, while somebody else writes it at the same offset."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._position, self._rest = file, 0, b""

    def read(self, line: Callable[[str], None]) -> None:
        while block := os.pread(self._file.fileno(), _BLOCK, self._position):
            self._position += len(block)
            *lines, self._rest = (self._rest + block).split(b"\n")
            for each in lines:
                line(each.decode(errors="replace"))


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return the caller's environment with `more`, without what would change Terraform's behaviour."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_UNWANTED)}
    return {**inherited, **more, **_FIXED}


def launcher() -> list[str]:
    """Return what makes a command end with this process, on Linux also when this one is killed."""
    return [sys.executable, "-I", "-S", terraform_launcher.__file__, str(os.getpid())]


def _file() -> IO[bytes]:
    if sys.platform == "linux":
        return os.fdopen(os.memfd_create("terraform"), "w+b")
    return tempfile.TemporaryFile()


def content(file: IO[bytes]) -> str:
    """Return all that was written to a file."""
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode(errors="replace")
