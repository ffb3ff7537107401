"""Child processes that never outlive us, and one that is kept alive."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

ERROR = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|NotFound)\b")
"""How the last line of a traceback begins."""
ENDED = re.compile(r"(?i)non-?\s?zero|exit (code|status)|return code")
"""What a program says whose own child ended: the cause stands before it."""
LEASH = Path(__file__).with_name("leash.py")
SCORING = Path(__file__).with_name("scoring.py")
"""Runs in the environment of a model, on a socket that it is given: MLflow's own scoring server."""
LOG_LINES = 200
STEADY_SECONDS = 30.0  # a server that lived this long is started again without a pause
LONGEST_PAUSE_SECONDS = 30.0


class StartError(Exception):
    """A server ended, or did not answer in time, before it was ever ready."""


def with_leash(command: Sequence[str]) -> list[str]:
    """Wrap a command so that it dies with the thread that starts it."""
    return [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), *command]


def started_at(pid: int) -> str | None:
    """Tell when a process started, in a form that only that process has; None if it is gone or a zombie."""
    stat = _stat(pid)
    if stat is not None:
        return None if stat[0] == "Z" else stat[19]  # proc(5): state is field 3, starttime field 22
    if sys.platform == "linux":
        return None
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    return shown.stdout.strip() or None


def group_lives(group: int) -> bool:
    """Tell whether a process group has a member that is not a zombie."""
    if sys.platform == "linux":
        stats = (_stat(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit())
        return any(stat[2] == str(group) and stat[0] != "Z" for stat in stats if stat)
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def end_group(group: int, grace: float) -> None:
    """Ask a process group to end and kill what is left after the grace (seconds)."""
    deadline = time.monotonic() + grace
    _signal_group(group, signal.SIGTERM)
    while group_lives(group) and time.monotonic() < deadline:
        time.sleep(0.02)
    if group_lives(group):
        _signal_group(group, signal.SIGKILL)


def find_cause(lines: Iterable[str]) -> str:
    """Return the line that says why a program ended: its last error that is not about how another program ended."""
    said = [line.strip() for line in lines if line.strip()]
    errors = [line for line in said if ERROR.match(line) and not ENDED.search(line)]
    return errors[-1] if errors else said[-1] if said else "no output"


class Child:
    """
    A process in its own group whose output goes to our log, and whose last lines are remembered.

    It is ready when it answers at `ready`, a path on its port.
    """

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        port: int,
        cwd: Path,
        fds: Sequence[int] = (),
        *,
        ready: str = "/ping",
    ) -> None:
        self.port = port
        self.ready = ready
        self._process = subprocess.Popen(
            with_leash(command), env=dict(env), cwd=cwd, pass_fds=fds, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.pid = self._process.pid
        self._lines: deque[str] = deque(maxlen=LOG_LINES)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def has_ended(self) -> bool:
        """Tell whether the process is gone."""
        return self._process.poll() is not None

    def wait(self) -> None:
        """Wait until the process is gone."""
        self._process.wait()

    def end(self, grace: float) -> None:
        """End the whole group."""
        end_group(self.pid, grace)

    def last_words(self) -> str:
        """Return why the process ended, as it said itself."""
        self._reader.join(1)
        return find_cause(self._lines)

    def _read(self) -> None:
        for line in self._process.stdout or ():
            sys.stderr.buffer.write(line)
            sys.stderr.buffer.flush()
            self._lines.append(line.decode(errors="replace"))


class Records:
    """Files that name our children, so that the next start can end those that outlived a crash."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, pid: int) -> None:
        """Remember a child."""
        (self._folder / f"{pid}.json").write_text(json.dumps({"pid": pid, "started": started_at(pid)}))

    def drop(self, pid: int) -> None:
        """Forget a child that ended."""
        (self._folder / f"{pid}.json").unlink(missing_ok=True)

    def end_leftovers(self) -> None:
        """End every recorded child that still lives; a reused process id does not match its start time."""
        for file in self._folder.glob("*.json"):
            with contextlib.suppress(ValueError, KeyError):
                record = json.loads(file.read_text())
                if record["started"] and started_at(record["pid"]) == record["started"]:
                    end_group(record["pid"], grace=2)
            file.unlink(missing_ok=True)


class KeptServer:
    """A scoring server that is started again whenever it ends; `port` is None while it is down."""

    def __init__(self, spawn: Callable[[], Child], records: Records) -> None:
        self.port: int | None = None
        self._spawn = spawn
        self._records = records
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._stopping = threading.Event()
        self._decided = threading.Event()
        self._failure = ""
        # One thread starts and awaits every child: the leash would kill a child whose starting thread ended.
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def start(self, seconds: float) -> None:
        """Start, and return once it answers; raise StartError if it does not within the seconds."""
        self._keeper.start()
        decided = self._decided.wait(seconds)
        if self.port is None:
            self.stop(grace=1)
            raise StartError(self._failure if decided else f"no answer in {seconds:.0f} s")

    def stop(self, grace: float) -> None:
        """End the server for good."""
        with self._lock:
            self._stopping.set()
            self.port = None
            child = self._child
        if child:
            child.end(grace)
        if self._keeper.is_alive():
            self._keeper.join(5)

    def _keep(self) -> None:
        try:
            self._keep_alive()
        finally:
            self._decided.set()

    def _keep_alive(self) -> None:
        pause = 0.25
        while child := self._next_child():
            began = time.monotonic()
            ready = self._await_ready(child)
            child.wait()
            self.port = None
            child.end(grace=0)  # what it left in its group
            self._records.drop(child.pid)
            if not ready and not self._decided.is_set():
                self._failure = child.last_words()
                return
            pause = 0.25 if time.monotonic() - began > STEADY_SECONDS else min(pause * 2, LONGEST_PAUSE_SECONDS)
            self._stopping.wait(pause)

    def _next_child(self) -> Child | None:
        with self._lock:
            if self._stopping.is_set():
                return None
            self._child = self._spawn()
            self._records.add(self._child.pid)
            return self._child

    def _await_ready(self, child: Child) -> bool:
        while not child.has_ended() and not self._stopping.is_set():
            if answers(child.port, child.ready) and not child.has_ended():
                with self._lock:
                    self.port = None if self._stopping.is_set() else child.port
                self._decided.set()
                return True
            time.sleep(0.05)
        return False


def answers(port: int, path: str = "/ping") -> bool:
    """Tell whether a server on a loopback port says it is healthy."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    except http.client.HTTPException:
        return False
    finally:
        connection.close()


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()  # the command name before it may hold blanks


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
