"""A stack of the tests' own tools, as a user sees it: files, commands, processes, ports."""

import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import psutil

from platinfra.app.stacks import brought_up
from platinfra.drivers.port import is_free
from platinfra.drivers.runtime_folder import runtime_folder
from platinfra.targets.local.verbs.machine import environments

HERE = Path(__file__).parent
CATALOG = HERE.parents[1] / "src" / "platinfra" / "tools"
PROGRAM = (sys.executable, "-m", "platinfra")
_WITHIN = 30.0
"""Seconds in which everything here has to happen; commands may take twice that."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def text(self) -> str:
        """Return everything it said."""
        return self.out + self.err


class Stack:
    """One stack folder with tools of its own, on ports that no other test uses."""

    def __init__(self, folder: Path) -> None:
        """Make the folder."""
        self.folder = folder
        self.root = folder / ".platinfra" / "default"
        self.file = folder / "platinfra.yaml"
        self.env: dict[str, str] = {}
        self.usual: set[int] = set()
        """Ports that its components may have listened on."""
        self.children: list[subprocess.Popen[str]] = []
        folder.mkdir(parents=True, exist_ok=True)

    def echo(self, name: str = "echo", **options: Any) -> "Stack":
        """Add the tool `name`, which runs echo.py."""
        folder = self.folder / "tools" / name
        folder.mkdir(parents=True)
        shutil.copy(HERE / "echo.py", folder)
        if options.get("database"):
            self.catalog("postgres")
        if lock := options.get("lock"):
            shutil.copy(lock, folder / "requirements.lock.txt")
        (folder / "tool.yaml").write_text(json.dumps(_tool(name, **options)))
        return self

    def catalog(self, name: str) -> "Stack":
        """Add a tool of platinfra under a usual port that no other test uses."""
        folder = self.folder / "tools" / name
        if not folder.exists():
            shutil.copytree(CATALOG / name, folder, ignore=shutil.ignore_patterns("__pycache__"))
            file = folder / "tool.yaml"
            before, mark, text = file.read_text().partition("\nendpoints:\n")
            endpoints, end, rest = text.partition("\nclient:\n" if "\nclient:\n" in text else "\nrun:\n")
            endpoints = re.sub(r"\bport: \d+", lambda _: f"port: {free_port()}", endpoints)
            file.write_text(before + mark + endpoints + end + rest)
        return self

    def write(self, name: str = "live", **tools: dict[str, Any]) -> "Stack":
        """Write the stack file: component to settings."""
        uses = [{tool: {"settings": settings}} if settings else tool for tool, settings in tools.items()]
        content = {"name": name, "provider": {"name": "local"}, "stack": {"notebook": uses}}
        self.file.write_text(json.dumps(content))
        return self

    def command(
        self, *arguments: str, program: tuple[str, ...] = PROGRAM, stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[str]:
        """Start a command in the stack's folder, without a terminal unless `stdin` is one."""
        env = {key: value for key, value in os.environ.items() if not key.startswith(("PLATINFRA", "PYTEST"))}
        child = subprocess.Popen(
            [*program, *arguments],
            cwd=self.folder,
            env={**env, "UV_OFFLINE": "1", "COLUMNS": "200", **self.env},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        self.children.append(child)
        return child

    def run(self, *arguments: str, program: tuple[str, ...] = PROGRAM, within: float = 2 * _WITHIN) -> Ended:
        """Run a command to its end, `within` some seconds; none may end with a traceback."""
        began = time.monotonic()
        return ended(self.command(*arguments, program=program), began, within)

    def up(self, *options: str) -> Ended:
        """Bring it up, and see that it is."""
        done = self.run("up", *options)
        assert done.code == 0, done.text
        self.assert_healthy()
        return done

    def down(self, *options: str) -> Ended:
        """Stop it, and see that nothing is left."""
        done = self.run("down", *options)
        assert done.code == 0, done.text
        self.assert_nothing_left()
        return done

    def status(self) -> dict[str, Any]:
        """Return what `status` says of each component."""
        workspace, target = brought_up(self.file, None)
        return {each.name: asdict(each) for each in target.status(workspace)}

    def assert_healthy(self) -> None:
        """Every component is healthy, and there is one of each of its processes."""
        found = self.status()
        assert {name: each["health"] for name, each in found.items()} == dict.fromkeys(found, "healthy")
        self.usual |= set(self.ports().values())
        assert {name: len(pids) for name, pids in self.mains().items()} == dict.fromkeys(self.programs(), 1)

    @property
    def key(self) -> str:
        """Return what the marks of the stack's processes begin with."""
        return sha256(str(self.root.resolve()).encode()).hexdigest()[:16]

    def marks(self) -> dict[int, str]:
        """Return every process of the stack with its mark, by the environment in /proc."""
        start = f"PLATINFRA_MARK={self.key}:".encode()
        found = {}
        for path in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                entries = [each for each in path.read_bytes().split(b"\0") if each.startswith(start)]
                found.update({int(path.parent.name): each[len(start) :].decode() for each in entries})
        return {pid: mark for pid, mark in found.items() if lives(pid)}

    def family(self) -> set[int]:
        """Return every process of the stack, with those below one that wrote their title over their environment, as Ray's do."""
        marked = set(self.marks())
        table = {each.pid: each for each in psutil.process_iter() if each.pid in marked}
        return marked | {below.pid for each in table.values() for below in each.children(recursive=True)}

    def mains(self) -> dict[str, list[int]]:
        """Return the main processes of each program: those below no other process of it, daemons apart."""
        marks = self.marks()
        found: dict[str, list[int]] = {}
        for pid, mark in marks.items():
            if mark and marks.get(parent(pid)) != mark and arguments(pid)[1:2] != ["-c"]:
                found.setdefault(mark, []).append(pid)
        return found

    def pids(self) -> dict[str, int]:
        """Return the main process of each program."""
        return {name: pids[0] for name, pids in self.mains().items()}

    def crash(self, program: str) -> None:
        """Kill the main process of a program; return once all that belonged to it is gone."""
        family = [pid for pid, mark in self.marks().items() if mark == program]
        kill(self.pids()[program])
        eventually(lambda: not any(map(lives, family)))

    def programs(self) -> list[str]:
        """Return the programs that the state names."""
        components = self.read("state.json")["components"].values()
        return [process for each in components for process in each["processes"]]

    def supervisor(self) -> int:
        """Return the pid of the supervisor."""
        return int(self.read("supervisor.json")["pid"])

    def read(self, name: str) -> Any:
        """Return the content of one of its JSON files."""
        return json.loads((self.root / name).read_text())

    def ports(self) -> dict[str, int]:
        """Return the port of each endpoint."""
        endpoints = self.read("state.json")["components"].items()
        return {
            f"{name}.{key}": int(each["port"]) for name, data in endpoints for key, each in data["endpoints"].items()
        }

    def port(self, component: str = "echo") -> int:
        """Return the port of a component."""
        return next(port for name, port in self.ports().items() if name.startswith(f"{component}."))

    def say(self, text: str, component: str = "echo") -> None:
        """Tell a component something it has to keep."""
        url = f"http://127.0.0.1:{self.port(component)}/said"
        with urllib.request.urlopen(url, text.encode(), timeout=_WITHIN) as answer:
            assert answer.read() == b"kept"

    def said(self, component: str = "echo") -> list[str]:
        """Return what a component was told; empty when it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port(component)}/said", timeout=2) as answer:
                return answer.read().decode().split()
        except OSError:
            return []

    def psql(self, consumer: str, database: str, statement: str) -> subprocess.CompletedProcess[str]:
        """Run a statement as a consumer, through the client in Postgres' environment."""
        code = (
            "import os, sys, psycopg\n"
            "with psycopg.connect(os.environ['DSN'], connect_timeout=10) as c:\n"
            "    r = c.execute(sys.argv[1])\n"
            "    print(r.fetchall() if r.description else '')\n"
        )
        secrets = self.read("secrets.json").get(consumer, {})
        password = next((value for name, value in secrets.items() if name.endswith("-password")), "")
        dsn = f"host=127.0.0.1 port={self.port('postgres')} user={consumer} password={password} dbname={database}"
        return subprocess.run(
            [environment("postgres") / "bin" / "python", "-c", code, statement],
            env={**os.environ, "DSN": dsn},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_WITHIN,
            check=False,
        )

    def left(self) -> list[str]:
        """Return what is left of a stack that was stopped: processes, listeners, runtime files."""
        inside = str(self.folder.resolve())
        found = [f"process {pid} {mark}" for pid, mark in self.marks().items()]
        found += [f"process {each.pid} {_line(each)}" for each in psutil.process_iter() if inside in _line(each)]
        found += [f"listener on {each}" for each in self.usual if not is_free(each)]
        files = ["lock.json", "run", "supervisor.json"]
        found += [each for each in files if (self.root / each).exists()]
        runtime = runtime_folder(self.key)
        return [*found, *([str(runtime)] if runtime.exists() else [])]

    def assert_nothing_left(self) -> None:
        """Nothing but files runs on, waits or listens."""
        assert not self.left()

    def end(self) -> None:
        """Stop everything, whatever the test did; end by force what `down` leaves, by its pid."""
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.communicate(timeout=_WITHIN)
        if not self.root.exists() or not self.left():
            return
        try:
            done = self.run("down")
            assert done.code == 0, done.text
            self.assert_nothing_left()
        finally:
            for pid in self.marks():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def _tool(name: str, *, database: bool = False, secret: bool = False, lock: Path | None = None, **local: Any) -> Any:
    python = "python" if lock else sys.executable
    server = {
        "command": [
            python,
            *([] if lock else ["-S", "-E"]),
            "${folder}/echo.py",
            "${settings.mode}",
            "${endpoints.http.port}",
            "${data}",
            "${project}",
        ],
        "stop": {"signal": "TERM", "grace": local.pop("grace", 5)},
        "endpoints": ["http"],
    }
    env = {
        **({"DATABASE_URL": "${backend.url}"} if database else {}),
        **({"TOKEN": "${secrets.token}"} if secret else {}),
    }
    return {
        "name": name,
        "summary": "Keeps what it is told.",
        "homepage": "https://example.org",
        "license": "Apache-2.0",
        "provides": ["notebook"],
        "requires": {"backend": {"capability": "sql_database"}} if database else {},
        "settings": {
            "mode": {"default": "normal", "help": "How it misbehaves."},
            "word": {"default": "a", "help": "Nothing in particular."},
        },
        "secrets": ["token"] if secret else [],
        "endpoints": {"http": {"port": local.pop("port", None) or free_port(), "ready": "/health", "probe": "/said"}},
        "run": {
            "local": {
                "timeout": 20,
                "env": {**env, "WORD": "${settings.word}"},
                "processes": {"server": server},
                **({"requirements": "requirements.lock.txt"} if lock else {}),
                **local,
            }
        },
    }


def ended(child: subprocess.Popen[str], began: float | None = None, within: float = 2 * _WITHIN) -> Ended:
    """Wait for a command; none may end with a traceback of its own."""
    out, err = child.communicate(timeout=within)
    result = Ended(child.returncode, out, err, time.monotonic() - (began or time.monotonic()))
    # What Ray repeats of its workers has their ids before it: one that is ended may complain.
    own = [each for each in result.text.splitlines() if " pid=" not in each]
    assert not any("Traceback" in each for each in own), result.text
    assert "bug:" not in result.text, result.text
    return result


def environment(tool: str) -> Path:
    """Return the virtual environment of a tool of platinfra."""
    return environments().location(CATALOG / tool / "requirements.lock.txt")


def eventually(condition: Callable[[], object], within: float = _WITHIN) -> None:
    """Wait until the condition holds; fail after `within` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def lives(pid: int) -> bool:
    """Tell whether a process is there and no zombie."""
    try:
        return psutil.Process(pid).status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
    except psutil.NoSuchProcess:
        return False


def parent(pid: int) -> int:
    """Return the pid of the parent; 0 when there is none."""
    try:
        return psutil.Process(pid).ppid()
    except psutil.NoSuchProcess:
        return 0


def arguments(pid: int) -> list[str]:
    """Return the command line of a process; empty when it is gone."""
    try:
        return psutil.Process(pid).cmdline()
    except psutil.Error:
        return []


def kill(pid: int) -> None:
    """End a process as a crash would, and wait until it is gone."""
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not lives(pid))


def free_port() -> int:
    """Return a free port, below those that the system hands out and away from every tool's usual one."""
    return next(port for port in iter(lambda: random.randint(11000, 31000), None) if is_free(port))


@contextlib.contextmanager
def taken(port: int) -> Iterator[None]:
    """Listen on a port from this process."""
    import socket

    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(("127.0.0.1", port))
        door.listen()
        yield


def _line(process: psutil.Process) -> str:
    try:
        return f"{process.cwd()} {' '.join(process.cmdline())}" if process.pid != os.getpid() else ""
    except psutil.Error:
        return ""
