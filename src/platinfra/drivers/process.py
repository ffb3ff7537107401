"""Long-running programs on this machine, kept alive by supervisord and ended with all they left behind."""

import time
import xmlrpc.client
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.drivers import process_tree
from platinfra.drivers.files import LocalFiles, translate_errors
from platinfra.drivers.one_off import OneOff
from platinfra.drivers.program_files import Limits, ProgramFiles
from platinfra.drivers.supervision import Supervision, signal_number
from platinfra.model.ports import CommandSpec, Listener, ProcessSpec, ProcessStatus

_STATES = {0: "stopped", 10: "starting", 20: "running", 30: "backoff", 40: "stopping", 100: "stopped"}
"""supervisor.states.ProcessStates; everything else has failed."""
_ALIVE = ("running", "starting", "backoff")
_AT_ONCE = False
"""Of the supervisor's calls: answer without waiting for the process."""
_BAD_NAME = 10
_PAUSE = 0.05
_GRACE = 15.0
_LEFTOVER_GRACE = 3.0
"""Seconds for what a program left behind after it stopped: it was told to stop its children itself."""
_MARGIN = 15.0


class LocalProcesses:
    """Implements `Processes` for the stack whose state lies in one folder."""

    def __init__(self, folder: Path, limits: Limits | None = None) -> None:
        """Remember the folder, `.platinfra/<environment>/`; nothing is read or started yet."""
        self._folder = folder.resolve()
        self._supervision = Supervision(self._folder)
        self._files = ProgramFiles(self._folder, self._supervision.key, limits or Limits())
        self._one_off = OneOff(self._supervision.key)
        self._gate = Lock()

    def start(self, spec: ProcessSpec) -> None:
        """Run `spec`; keep a running process with the same digest, replace one with another."""
        self._ensure_supervisor()
        state = self._state(spec.name)
        if state in _ALIVE and self._files.spec(spec.name).get("digest") == spec.digest:
            return
        if state is not None:
            self.stop(spec.name)
        with self._gate, _translate_faults(spec.name):
            self._files.forget_record(spec.name)
            self._files.write(spec, self._supervision.sections)
            self._supervision.call("reloadConfig")
            self._supervision.call("addProcessGroup", spec.name)
            self._supervision.call("startProcess", spec.name, _AT_ONCE)

    def stop(self, name: str) -> None:
        """Stop one process and everything it started; unknown names are no error."""
        if self._supervision.answers():
            self._stop_many([name])
            self._drop(name)
        elif name in self._files.names():
            self._supervision.end(self._patience())
            self._end_unsupervised(name)
        self._files.forget(name)

    def restart(self, name: str) -> None:
        """Stop and start one process; raise ActionError for an unknown name."""
        if self._state(name) is None:
            raise ActionError(Diagnostic("process-unknown", f"`{name}` is not running, so it cannot be restarted"))
        self._stop_many([name])
        self._files.forget_record(name)
        with _translate_faults(name):
            self._supervision.call("startProcess", name, _AT_ONCE)

    def statuses(self) -> Mapping[str, ProcessStatus]:
        """Return what runs, by name; empty when no supervisor runs."""
        try:
            programs = self._supervision.call("getAllProcessInfo")
        except (ConnectionError, xmlrpc.client.Fault):
            return {}
        table = process_tree.snapshot()
        return {each["name"]: self._status(each, table) for each in programs}

    def environment(self, name: str) -> Mapping[str, str]:
        """Return the variables with which a process was started, without the mark of those that end with it; none when it is stopped."""
        found = self._files.spec(name).get("env", {})
        return {key: str(value) for key, value in found.items() if key != process_tree.MARK}

    def listeners(self, name: str) -> Sequence[Listener]:
        """Return the TCP listeners of a process and its descendants."""
        from platinfra.drivers.port import listeners_of

        return listeners_of(self._belongings(name))

    def run(self, spec: CommandSpec, *, timeout: float) -> tuple[int, str]:
        """
        Run one command to its end; return its exit code and output (at most 64 KiB of the tail).

        At the timeout, in seconds, and when interrupted, everything the command started is killed.
        """
        return self._one_off.run(spec, timeout)

    def interrupt(self) -> None:
        """Kill every command that `run` waits for in another thread, and refuse further ones."""
        self._one_off.interrupt()

    def shutdown(self) -> None:
        """Stop every process of the stack, the supervisor and all that they left behind."""
        # What does not stop in good order, a silent supervisor included, is ended by force below.
        with suppress(ActionError):
            if self._supervision.answers():
                self._stop_many(each["name"] for each in self._supervision.call("getAllProcessInfo"))
        strays = self._strays()
        self._end_all()
        if not process_tree.end(lambda: self._of_stack(strays), _LEFTOVER_GRACE):
            left = sorted(self._of_stack(strays))
            raise ActionError(Diagnostic("processes-left", f"some processes cannot be killed: {left}"))
        self._supervision.forget()
        LocalFiles().remove(self._folder / "run")

    def _ensure_supervisor(self) -> None:
        """Start a supervisor; whatever a dead one left running is ended first, or it would run twice."""
        if self._supervision.answers():
            return
        from filelock import FileLock

        with self._gate:
            LocalFiles().folder(self._folder / "run")
            with FileLock(self._folder / "supervisor.lock", mode=0o600):
                if not self._supervision.answers():
                    self._end_all()
                    with translate_errors(self._folder):
                        self._supervision.start()

    def _end_all(self) -> None:
        """End supervisord, then gracefully the programs that outlived it."""
        names = self._files.names()
        self._supervision.end(self._patience())
        _in_parallel(self._end_unsupervised, names)
        for name in names:
            self._files.forget(name)

    def _end_unsupervised(self, name: str) -> None:
        """End a program that no supervisord watches: its signal, its grace, then everything that is left."""
        record, stop = self._files.record(name), self._files.spec(name).get("stop", {})
        grace = float(stop.get("grace", _GRACE))
        remaining = self._belongings(name)
        pid, start = record.get("pid", 0), record.get("start", "")
        if process_tree.find(pid, start):
            number = signal_number(stop.get("signal", "TERM"))
            process_tree.end(lambda: [pid] if process_tree.find(pid, start) else [], grace, number)
        self._end_leftovers(name, remaining)

    def _stop_many(self, names: Iterable[str]) -> None:
        """Let supervisord stop programs side by side, then end what they left behind."""
        known = {name: self._belongings(name) for name in names if self._state(name) is not None}
        for name in known:
            self._tell_to_stop(name)
        deadline = time.monotonic() + self._patience()
        for name in known:
            self._await_stop(name, deadline)
        _in_parallel(lambda name: self._end_leftovers(name, known[name]), known)

    def _tell_to_stop(self, name: str) -> None:
        try:
            self._supervision.call("stopProcess", name, _AT_ONCE)
        except xmlrpc.client.Fault:
            # Not running any more; there may be leftovers all the same.
            return

    def _await_stop(self, name: str, deadline: float) -> None:
        while (state := self._state(name)) not in ("stopped", "failed", None):
            if time.monotonic() > deadline:
                raise ActionError(Diagnostic("process-stuck", f"`{name}` does not stop: it is {state}"))
            time.sleep(_PAUSE)

    def _end_leftovers(self, name: str, known: Mapping[int, process_tree.Entry]) -> None:
        mark, record = self._files.mark_of(name), self._files.record(name)
        record["descendants"] |= {pid: entry.start for pid, entry in known.items()}
        if not process_tree.end(lambda: process_tree.belongings(mark, record), _LEFTOVER_GRACE):
            left = sorted(process_tree.belongings(mark, record))
            raise ActionError(Diagnostic("processes-left", f"`{name}` left processes that cannot be killed: {left}"))

    def _belongings(self, name: str) -> dict[int, process_tree.Entry]:
        return process_tree.belongings(self._files.mark_of(name), self._files.record(name))

    def _strays(self) -> dict[int, str]:
        """Return what supervisord adopted, while it is still there to tell."""
        table = process_tree.snapshot()
        return {pid: table[pid].start for pid in self._supervision.find_descendants() if pid in table}

    def _of_stack(self, strays: Mapping[int, str]) -> dict[int, process_tree.Entry]:
        return process_tree.belongings(self._supervision.mark, {"descendants": strays}, whole_stack=True)

    def _drop(self, name: str) -> None:
        with self._gate:
            (self._supervision.sections / f"{name}.conf").unlink(missing_ok=True)
            try:
                self._supervision.call("removeProcessGroup", name)
            except xmlrpc.client.Fault as fault:
                if fault.faultCode != _BAD_NAME:
                    raise _refusal(name, fault) from fault

    def _state(self, name: str) -> str | None:
        try:
            return _STATES.get(self._supervision.call("getProcessInfo", name)["state"], "failed")
        except (ConnectionError, xmlrpc.client.Fault):
            return None

    def _patience(self) -> float:
        """Return the seconds in which every program must have stopped."""
        graces = [float(self._files.spec(name).get("stop", {}).get("grace", _GRACE)) for name in self._files.names()]
        return max(graces, default=0.0) + _MARGIN

    def _status(self, info: Mapping[str, Any], table: process_tree.Table) -> ProcessStatus:
        name, pid = info["name"], info["pid"] or None
        tree = process_tree.descendants(table, [pid] if pid else [])
        return ProcessStatus(
            name=name,
            state=_STATES.get(info["state"], "failed"),
            pid=pid,
            restarts=max(0, self._files.record(name).get("starts", 0) - 1),
            memory=sum(table[each].memory for each in tree),
            digest=self._files.spec(name).get("digest", ""),
            seconds=max(0.0, float(info["now"] - info["start"])),
        )


@contextmanager
def _translate_faults(name: str) -> Iterator[None]:
    """Turn what supervisord refuses into an ActionError that names the process."""
    try:
        yield
    except xmlrpc.client.Fault as fault:
        raise _refusal(name, fault) from fault


def _refusal(name: str, fault: xmlrpc.client.Fault) -> ActionError:
    return ActionError(Diagnostic("supervisor-refused", f"the supervisor refused `{name}`: {fault.faultString}"))


def _in_parallel(act: Callable[[str], None], names: Iterable[str]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(act, names))
