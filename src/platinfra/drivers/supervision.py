"""One supervisord per stack: start it, talk to it, and end it together with what it lost sight of."""

import contextlib
import http.client
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import xmlrpc.client
from hashlib import sha256
from pathlib import Path
from typing import Any

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.drivers import process_tree, runtime_folder
from platinfra.drivers.files import LocalFiles

_ANSWER_WITHIN = 10.0
_START_WITHIN = 30.0
_PAUSE = 0.02
_CONFIG = Path(__file__).with_name("supervisord.conf")
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE")


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_ANSWER_WITHIN)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_ANSWER_WITHIN)
        self.sock.connect(self._path)


class _Transport(xmlrpc.client.Transport):
    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        del host
        return _Connection(self._path)


def key_of(folder: Path) -> str:
    """Return what the marks of the processes begin with whose stack has its state in `folder`."""
    return sha256(str(folder).encode()).hexdigest()[:16]


class Supervision:
    """The supervisord of the stack whose state lies in `folder`."""

    def __init__(self, folder: Path) -> None:
        """Remember the folder; nothing is read or started yet."""
        self.folder = folder
        self.key = key_of(folder)
        self.mark = f"{self.key}:"

    def call(self, method: str, *arguments: object) -> Any:
        """Ask supervisord; raise ConnectionError when none runs, xmlrpc.client.Fault when it refuses."""
        transport = _Transport(str(self.runtime / "s.sock"))
        try:
            with xmlrpc.client.ServerProxy("http://localhost", transport, allow_none=True) as server:
                return getattr(server.supervisor, method)(*arguments)
        except TimeoutError as error:
            message = f"the supervisor does not answer within {_ANSWER_WITHIN:.0f} seconds"
            raise ActionError(Diagnostic("supervisor-silent", message)) from error
        except (http.client.HTTPException, xmlrpc.client.ProtocolError, OSError) as error:
            raise ConnectionError(f"no supervisor answers: {error}") from error

    @property
    def runtime(self) -> Path:
        """Return the folder of the socket: where the running one put it, else where a new one will."""
        recorded = self._record().get("runtime")
        return Path(recorded) if recorded else runtime_folder.runtime_folder(self.key)

    @property
    def sections(self) -> Path:
        """Return the folder of the program sections."""
        return self.runtime / "programs"

    def answers(self) -> bool:
        """Tell whether supervisord runs and is not about to end."""
        try:
            return bool(self.call("getState")["statecode"] == 1)
        except (ConnectionError, xmlrpc.client.Fault):
            return False

    def start(self) -> None:
        """Start supervisord; it stays when this process ends. Nothing of a former one may be left."""
        self.forget()
        runtime = self.runtime
        runtime_folder.create(runtime)
        LocalFiles().folder(runtime / "programs")
        LocalFiles().write(runtime / "supervisord.conf", _CONFIG.read_text(encoding="utf-8"))
        self._launch(runtime)
        deadline = time.monotonic() + _START_WITHIN
        while not self.answers():
            if time.monotonic() > deadline or self._has_ended():
                raise self._failure()
            time.sleep(_PAUSE)

    def end(self, patience: float) -> None:
        """End supervisord, which stops its programs, and wait at most `patience` seconds before SIGKILL."""
        process_tree.end(self._wake, patience)

    def forget(self) -> None:
        """Remove the socket and the record of a supervisord that has ended."""
        runtime = self.runtime
        (self.folder / "supervisor.json").unlink(missing_ok=True)
        if runtime.parent.name == f"platinfra-{os.geteuid()}":
            runtime_folder.remove(runtime)

    def find_descendants(self) -> set[int]:
        """Return everything that descends from supervisord: its programs and the orphans they left."""
        pids = self._pids()
        table = process_tree.snapshot()
        foreign = {pid for pid in table if (mark := process_tree.mark_of(pid)) and not mark.startswith(self.mark)}
        return process_tree.descendants(table, pids, foreign.__contains__) - pids

    def _record(self) -> dict[str, Any]:
        return process_tree.load(self.folder / "supervisor.json")

    def _pids(self) -> set[int]:
        """Return supervisord by its record, or by its mark when the record is lost."""
        record = self._record()
        pid = record.get("pid", 0)
        if process_tree.find(pid, record.get("start", "")):
            return {pid}
        return {pid for pid in process_tree.belongings(self.mark, {}) if process_tree.mark_of(pid) == self.mark}

    def _wake(self) -> set[int]:
        """Return supervisord after a connection woke it: it sleeps for a second, and signals do not wake it."""
        if pids := self._pids():
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
                door.settimeout(_PAUSE)
                door.connect(str(self.runtime / "s.sock"))
        return pids

    def _has_ended(self) -> bool:
        record = self._record()
        return bool(record) and not process_tree.find(record["pid"], record["start"])

    def _launch(self, runtime: Path) -> None:
        """Run the file that forks into the background; this returns after its fork."""
        here = Path(__file__).parent
        launcher = shlex.join([sys.executable, "-I", "-S", str(here / "launcher.py")])
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        env = {**kept, "PLATINFRA_LAUNCHER": launcher, process_tree.MARK: self.mark}
        command = [sys.executable, "-P", str(here / "supervisor_main.py"), str(self.folder), str(runtime)]
        LocalFiles().write(self.folder / "supervisord.out", "")
        with (self.folder / "supervisord.out").open("wb") as output:
            subprocess.run(
                command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=True, timeout=60
            )

    def _failure(self) -> ActionError:
        files = LocalFiles()
        self.end(1.0)
        message = "the supervisor of the stack did not start"
        details = tuple(line for end in ("out", "log") for line in files.tail(self.folder / f"supervisord.{end}", 8))
        return ActionError(Diagnostic("supervisor-failed", message, details=details))


def signal_number(name: str) -> int:
    """Return the number of a signal such as `TERM`; SIGTERM for a name that is none."""
    return int(getattr(signal, f"SIG{name.removeprefix('SIG')}", signal.SIGTERM))
