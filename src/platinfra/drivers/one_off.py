"""Run one command to its end, and leave nothing of it behind."""

import os
import secrets
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from threading import Event, Thread

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.drivers import privileges, process_tree
from platinfra.drivers.files import LocalFiles, translate_errors
from platinfra.drivers.program_files import drop_root
from platinfra.model.ports import CommandSpec

_TAIL = 64 * 1024
_PAUSE = 0.1
_TIMED_OUT = 124
"""Exit code, as timeout(1) has it."""
_INTERRUPTED = 130
_NOT_FOUND = 127
_DRAIN = 2.0

_Child = subprocess.Popen[bytes]


class OneOff:
    """Runs the commands of one stack, which all carry its mark."""

    def __init__(self, key: str) -> None:
        """Remember the key of the stack."""
        self._key = key
        self._interrupted = Event()

    def interrupt(self) -> None:
        """Make every command under way end now, and those that are still asked for."""
        self._interrupted.set()

    def run(self, spec: CommandSpec, timeout: float) -> tuple[int, str]:
        """Run `spec` for at most `timeout` seconds; return its exit code and the end of its output."""
        ours = f"{self._key}:{spec.component}/"
        me = process_tree.me()
        mark = f"{ours}{me['pid']}.{me['start']}/{secrets.token_hex(4)}"
        _end_orphans(ours)
        with translate_errors(spec.log):
            LocalFiles().folder(spec.log.parent)
            log = os.open(spec.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + timeout
        try:
            child = _popen(spec, {**spec.env, process_tree.MARK: mark})
        except BaseException as error:
            os.close(log)
            if not isinstance(error, OSError):
                raise
            return _NOT_FOUND, f"cannot run {spec.command[0]}: {error}\n"
        return self._finish(child, mark, _Output(child, log), deadline)

    def _finish(self, child: _Child, mark: str, output: "_Output", deadline: float) -> tuple[int, str]:
        record = _record(child.pid)
        code = _INTERRUPTED
        try:
            code = self._wait(child, deadline)
        finally:
            _kill(mark, record)
            child.wait()
            text = output.finish()
        return code, text + ("platinfra: the command took too long and was ended\n" if code == _TIMED_OUT else "")

    def _wait(self, child: _Child, deadline: float) -> int:
        """Return the exit code, negative for a signal as subprocess has it."""
        while True:
            if self._interrupted.is_set():
                return _INTERRUPTED
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return _TIMED_OUT
            try:
                return child.wait(min(_PAUSE, remaining))
            except subprocess.TimeoutExpired:
                continue


class _Output:
    """Copies the output of a command into its log, which it closes at the end, and keeps the end of it."""

    def __init__(self, child: _Child, log: int) -> None:
        self._child, self._log, self._tail = child, log, bytearray()
        self._thread = Thread(target=self._copy, daemon=True)
        self._thread.start()

    def finish(self) -> str:
        self._thread.join(_DRAIN)
        return bytes(self._tail).decode(errors="replace")

    def _copy(self) -> None:
        assert self._child.stdout
        with self._child.stdout as source, open(self._log, "ab"):
            while block := os.read(source.fileno(), _TAIL):
                self._tail += block
                del self._tail[:-_TAIL]
                # A full disk must not stop the command by a pipe that nobody reads.
                with suppress(OSError):
                    os.write(self._log, block)


def _popen(spec: CommandSpec, env: Mapping[str, str]) -> _Child:
    prefix = drop_root(spec)
    if spec.unprivileged:
        privileges.hand_over(spec.owned)
    return subprocess.Popen(
        [*prefix, *spec.command],
        env=env,
        cwd=spec.cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _record(pid: int) -> dict[str, object]:
    entry = process_tree.snapshot().get(pid)
    return {"pid": pid, "session": pid, "start": entry.start if entry else ""}


def _kill(mark: str, record: Mapping[str, object]) -> None:
    """Kill everything that the command left, and at a timeout the command itself."""
    if not process_tree.end(lambda: process_tree.belongings(mark, record), 0.0, signal.SIGKILL):
        raise ActionError(Diagnostic("processes-left", "a command left processes that cannot be killed"))


def _end_orphans(ours: str) -> None:
    """Kill the commands of a platinfra that was killed itself: they would run beside their repetition."""
    table = process_tree.snapshot()
    owners = {f"{pid}.{entry.start}" for pid, entry in table.items()}
    marks = {mark for pid in table if (mark := process_tree.mark_of(pid)).startswith(ours)}
    for mark in marks:
        if mark.removeprefix(ours).rpartition("/")[0] not in owners:
            _kill(mark, {})
