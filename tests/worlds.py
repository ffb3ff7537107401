"""A world of fakes: it remembers what was done to it and fails where a test wants it to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.model.ports import Answer, CommandSpec, Listener, ProcessSpec, ProcessStatus, World
from platinfra.model.reference import Secret


@dataclass
class FakeProcesses:
    running: dict[str, ProcessSpec] = field(default_factory=dict)
    ran: list[CommandSpec] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    started: list[str] = field(default_factory=list)
    public: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    deaf: set[str] = field(default_factory=set)
    exit_code: int = 0
    interrupted: bool = False

    def start(self, spec: ProcessSpec) -> None:
        if spec.name not in self.running or self.running[spec.name].digest != spec.digest:
            self.started.append(spec.name)
        self.running[spec.name] = spec

    def stop(self, name: str) -> None:
        if self.running.pop(name, None):
            self.stopped.append(name)

    def restart(self, name: str) -> None:
        self.started.append(name)

    def statuses(self) -> Mapping[str, ProcessStatus]:
        return {
            name: ProcessStatus(name, "failed" if name in self.broken else "running", 1, 0, 0, spec.digest)
            for name, spec in self.running.items()
        }

    def listeners(self, name: str) -> Sequence[Listener]:
        host = "0.0.0.0" if name in self.public else "127.0.0.1"
        return [] if name in self.deaf else [Listener(host, port, 1) for port in range(20_000, 20_100)]

    def run(self, spec: CommandSpec, *, timeout: float) -> tuple[int, str]:
        self.ran.append(spec)
        return self.exit_code, "first line\nlast line"

    def interrupt(self) -> None:
        self.interrupted = True

    def shutdown(self) -> None:
        self.running.clear()


@dataclass
class FakeEnvironments:
    made: list[Path] = field(default_factory=list)
    compiled: list[Path] = field(default_factory=list)

    def location(self, lock: Path) -> Path:
        return Path("/environments") / lock.parent.name

    def ready(self, lock: Path) -> bool:
        return lock in self.made

    def ensure(self, lock: Path, report: Callable[[str], None]) -> Path:
        report(f"installing {lock.parent.name}")
        self.made.append(lock)
        return self.location(lock)

    def compile(self, packages: Sequence[str], lock: Path, report: Callable[[str], None]) -> None:
        self.compiled.append(lock)

    def interrupt(self) -> None:
        pass


class FakeProbes:
    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.asked: list[str] = []

    def get(self, url: str, *, timeout: float = 2.0) -> Answer:
        self.asked.append(url)
        return Answer(self.status, "{}")

    def connect(self, host: str, port: int, *, timeout: float = 1.0) -> bool:
        self.asked.append(f"{host}:{port}")
        return self.status == 200


@dataclass
class FakeSockets:
    taken: dict[int, str] = field(default_factory=dict)

    def holder(self, port: int) -> str | None:
        return self.taken.get(port)


class FakeSecrets:
    def get(self, secret: Secret) -> str:
        return f"value-of-{secret.component}-{secret.key}"


@dataclass
class FakeFiles:
    written: dict[Path, str] = field(default_factory=dict)
    full: bool = False

    def folder(self, path: Path) -> None:
        self.written[path] = ""

    def write(self, path: Path, text: str) -> None:
        if self.full:
            raise ActionError(Diagnostic("disk-full", "no space left"))
        self.written[path] = text

    def link(self, path: Path, target: Path) -> None:
        self.written[path] = str(target)

    def copy(self, path: Path, target: Path) -> None:
        self.written[target] = self.written.get(path, "")

    def exists(self, path: Path) -> bool:
        return path in self.written

    def remove(self, path: Path) -> None:
        self.written.pop(path, None)

    def tail(self, path: Path, lines: int) -> Sequence[str]:
        return self.written.get(path, "the log's last line").splitlines()[-lines:]


@dataclass
class Fakes:
    processes: FakeProcesses = field(default_factory=FakeProcesses)
    environments: FakeEnvironments = field(default_factory=FakeEnvironments)
    probes: FakeProbes = field(default_factory=FakeProbes)
    sockets: FakeSockets = field(default_factory=FakeSockets)
    secrets: FakeSecrets = field(default_factory=FakeSecrets)
    files: FakeFiles = field(default_factory=FakeFiles)

    @property
    def world(self) -> World:
        return World(**vars(self))
