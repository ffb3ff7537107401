"""What the engine asks of the outside world; drivers implement it, unit tests fake it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from platinfra.model.reference import Secret

Report = Callable[[str], None]
"""Receives one short line about the progress of long work."""


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A command with everything it may see; nothing is inherited from the caller."""

    component: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    cwd: Path
    log: Path
    unprivileged: bool = False
    """Give up root before the command starts (Postgres refuses root)."""
    owned: tuple[Path, ...] = ()
    """Folders handed to the unprivileged user first."""


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """A long-running command and how to stop it."""

    name: str
    """Unique in the stack: `component.process`."""
    run: CommandSpec
    digest: str
    """Changes when the process has to be replaced."""
    stop_signal: str = "TERM"
    grace: float = 15.0
    """Seconds between the stop signal and SIGKILL."""
    ports: tuple[int, ...] = ()
    """TCP ports on which it listens as long as it is well; one that stays away for a while has it started again."""
    start_within: float = 180.0
    """Seconds in which it listens on all of them for the first time."""


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """What the supervisor knows about one process."""

    name: str
    state: str
    """`running`, `starting`, `backoff`, `stopped`, `failed` or `stopping`."""
    pid: int | None
    restarts: int
    memory: int
    """Resident bytes of the process and its descendants."""
    digest: str
    seconds: float = 0.0
    """Since it was started last."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A TCP socket that a process listens on."""

    host: str
    port: int
    pid: int


class Processes(Protocol):
    """The processes of one stack, kept alive by one supervisor."""

    def start(self, spec: ProcessSpec) -> None:
        """Run `spec`; keep a running process with the same digest, replace one with another."""

    def stop(self, name: str) -> None:
        """Stop one process and everything it started; unknown names are no error."""

    def restart(self, name: str) -> None:
        """Stop and start one process."""

    def statuses(self) -> Mapping[str, ProcessStatus]:
        """Return what runs, by name; empty when no supervisor runs."""

    def listeners(self, name: str) -> Sequence[Listener]:
        """Return the TCP listeners of a process and its descendants."""

    def run(self, spec: CommandSpec, *, timeout: float) -> tuple[int, str]:
        """Run one command to its end; return its exit code and output (at most 64 KiB of the tail)."""

    def interrupt(self) -> None:
        """Kill every command that `run` waits for in another thread, and refuse further ones."""

    def shutdown(self) -> None:
        """Stop every process of the stack, the supervisor and all that they left behind."""


class Environments(Protocol):
    """Virtual environments, one per lock file, shared between stacks."""

    def location(self, lock: Path) -> Path:
        """Return where the environment of `lock` lies, whether it exists or not."""

    def ready(self, lock: Path) -> bool:
        """Tell whether the environment of `lock` is complete."""

    def ensure(self, lock: Path, report: Report) -> Path:
        """Create the environment of `lock` unless it is complete; return its folder."""

    def compile(self, packages: Sequence[str], lock: Path, report: Report) -> None:
        """Resolve `packages` together into the hashed lock file `lock`."""

    def interrupt(self) -> None:
        """End what another thread installs or waits for; it raises ActionError there."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, or `status` 0 and the reason when none came."""

    status: int
    text: str

    @property
    def ok(self) -> bool:
        """Tell whether the answer is a success."""
        return 200 <= self.status < 300


class Probes(Protocol):
    """Asks HTTP endpoints."""

    def get(self, url: str, *, timeout: float = 2.0) -> Answer:
        """Return the answer of `url`; never raise for a server that does not answer."""

    def connect(self, host: str, port: int, *, timeout: float = 1.0) -> bool:
        """Tell whether something accepts TCP connections there."""


class Sockets(Protocol):
    """Who listens on this machine."""

    def holder(self, port: int) -> str | None:
        """Name who listens on a port: another stack, or a process such as `python3 (pid 123)`; None when it is free."""


class Secrets(Protocol):
    """Generated secrets of a stack, in a file only its owner can read."""

    def get(self, secret: Secret) -> str:
        """Return the value of a secret, generated on first use and the same from then on."""


class Files(Protocol):
    """The folders of a stack."""

    def folder(self, path: Path) -> None:
        """Create a folder that only the owner can enter."""

    def write(self, path: Path, text: str) -> None:
        """Write a file that only the owner can read, all of it or nothing."""

    def link(self, path: Path, target: Path) -> None:
        """Make `path` a symbolic link to `target`; what it led to before is replaced at once."""

    def copy(self, path: Path, target: Path) -> None:
        """Make `target` a copy of a folder, all of it or nothing; what was there before goes."""

    def exists(self, path: Path) -> bool:
        """Tell whether a file or folder exists."""

    def remove(self, path: Path) -> None:
        """Remove a file or a folder with all it holds; what is missing is no error."""

    def tail(self, path: Path, lines: int) -> Sequence[str]:
        """Return the last lines of a text file, none when it is missing."""


class Interruptible(Protocol):
    """Whatever the actions of a target work on."""

    def interrupt(self) -> None:
        """End what other threads wait for, and refuse further work."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything an action on this machine may touch."""

    processes: Processes
    environments: Environments
    probes: Probes
    sockets: Sockets
    secrets: Secrets
    files: Files

    def interrupt(self) -> None:
        """End commands and installations that other threads wait for."""
        self.processes.interrupt()
        self.environments.interrupt()
