"""Tiny programs that misbehave as real tools do, and how to wait for them."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from platinfra.drivers import process_tree
from platinfra.model.ports import CommandSpec, ProcessSpec

SLEEP = "import time\ntime.sleep(600)"
NOTE = "import os, sys, time\nopen(sys.argv[1], 'a').write(f'{os.getpid()}\\n')\n"
"""Writes the pid to the file that is named first."""
NOTED_SLEEP = NOTE + "time.sleep(600)"
DEAF = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + NOTED_SLEEP
CHILD_IN_OWN_SESSION = (
    "import subprocess, sys, time\n"
    f"subprocess.Popen([sys.executable, '-c', {NOTED_SLEEP!r}, sys.argv[1]], start_new_session=True)\n"
    "time.sleep(600)"
)
DAEMON = (
    "import os, sys, time\n"
    "if os.fork() == 0:\n"
    "    os.setsid()\n"
    "    if os.fork():\n"
    "        os._exit(0)\n"
    "    open(sys.argv[1], 'a').write(f'{os.getpid()}\\n')\n"
    "    time.sleep(600)\n"
    "os.wait()\n"
    "time.sleep(600)"
)
"""Forks twice, so that its daemon loses its parent, its group and its session at once."""
PORT_CHILD = (
    "import socket, sys, subprocess, time, os\n"
    "s = socket.socket()\n"
    "s.bind(('127.0.0.1', int(sys.argv[2])))\n"
    "s.listen()\n"
    "os.set_inheritable(s.fileno(), True)\n"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], close_fds=False)\n"
    "open(sys.argv[1], 'a').write(f'{os.getpid()}\\n')\n"
    "time.sleep(600)"
)
"""Listens on a port that its child keeps when it dies."""

_LISTEN = "import socket, sys, time; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); time.sleep(600)"
PORT_HELPER = NOTE + (
    "import subprocess, time\n"
    f"child = subprocess.Popen([sys.executable, '-c', {_LISTEN!r}, sys.argv[2]])\n"
    "open(sys.argv[1] + '.helper', 'a').write(f'{child.pid}\\n')\n"
    "time.sleep(600)"
)
"""Lives on without the helper that listens for it, as Ray does; notes the helper's pid beside its own."""


def command(folder: Path, name: str, code: str, *arguments: object, **env: str) -> CommandSpec:
    """Return a Python command of the component before the dot."""
    return CommandSpec(
        component=name.partition(".")[0],
        command=(sys.executable, "-c", code, *map(str, arguments)),
        env={"PATH": os.environ["PATH"], **env},
        cwd=folder,
        log=folder / "logs" / f"{name}.log",
    )


def program(
    folder: Path,
    name: str,
    code: str,
    *arguments: object,
    digest: str = "1",
    grace: float = 5.0,
    signal: str = "TERM",
    ports: tuple[int, ...] = (),
) -> ProcessSpec:
    """Return a long-running Python program."""
    return ProcessSpec(name, command(folder, name, code, *arguments), digest, signal, grace, ports)


def eventually(condition: Callable[[], object], within: float = 15.0) -> None:
    """Wait until the condition holds; fail after `within` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def pids(path: Path) -> list[int]:
    """Return the pids that programs noted, the last one last."""
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def noted(path: Path, count: int = 1) -> list[int]:
    """Wait until `count` pids were noted; return them."""
    eventually(lambda: len(pids(path)) >= count)
    return pids(path)


def lives(pid: int) -> bool:
    """Tell whether a process is there and no zombie."""
    return pid in process_tree.snapshot()


def supervisor_pid(folder: Path) -> int:
    """Return the pid of the supervisor of a stack."""
    return int(process_tree.load(folder / "supervisor.json")["pid"])
