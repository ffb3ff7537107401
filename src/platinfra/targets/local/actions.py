"""What the local target does, as data: environments, files, processes, grants."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.model.digest import digest_of
from platinfra.model.event import Phase
from platinfra.model.plan import Progress, Seen
from platinfra.model.ports import CommandSpec, ProcessSpec, World
from platinfra.model.reference import Text, reveal, show_text
from platinfra.targets.local.ready import Address, await_ready
from platinfra.targets.local.taken import TakenPort


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What all actions share: to whom they belong and what they wait for."""

    key: str
    component: str
    summary: str
    after: tuple[str, ...] = ()
    follows: bool = False

    @property
    def record(self) -> Mapping[str, Any]:
        """Name nothing: most actions are undone with the component's folder."""
        return {}


@dataclass(frozen=True, slots=True)
class Command:
    """A command whose values may hold secrets."""

    command: tuple[Text, ...]
    env: Mapping[str, Text]
    cwd: Path
    log: Path
    unprivileged: bool = False
    owned: tuple[Path, ...] = ()
    creates: Path | None = None
    timeout: float = 120
    surroundings: frozenset[str] = frozenset()
    """Variables that come from whoever runs platinfra: another shell is no reason to start anything again."""

    @property
    def digest(self) -> str:
        """Change when the command or its own environment changes."""
        own = {key: show_text(each) for key, each in self.env.items() if key not in self.surroundings}
        return digest_of([show_text(each) for each in self.command], own)

    def spec(self, component: str, world: World) -> CommandSpec:
        """Return the command with its secrets."""
        fetch = world.secrets.get
        return CommandSpec(
            component=component,
            command=tuple(reveal(each, fetch) for each in self.command),
            env={key: reveal(each, fetch) for key, each in self.env.items()},
            cwd=self.cwd,
            log=self.log,
            unprivileged=self.unprivileged,
            owned=self.owned,
        )

    def run(self, component: str, world: World) -> None:
        """Run it to its end; raise ActionError with the end of its output when it fails."""
        if self.creates is not None and world.files.exists(self.creates):
            return
        code, output = world.processes.run(self.spec(component, world), timeout=self.timeout)
        if code != 0:
            name = Path(show_text(self.command[0])).name
            problem = Diagnostic(
                "command-failed",
                f"`{component}`: `{name}` ended with {code}",
                hint=f"its log: {self.log}",
                details=tuple(output.splitlines()[-12:]),
            )
            raise ActionError(problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallEnvironment(Step):
    """Make the virtual environment of a tool from its lock."""

    lock: Path
    kind: str = "environment"
    phase: Phase = "installing"

    @property
    def digest(self) -> str:
        """Change with the lock."""
        return lock_digest(self.lock)

    def holds(self, seen: Seen) -> bool:
        """Tell whether the environment is complete."""
        return bool(seen.world.environments.ready(self.lock))

    def apply(self, world: World, progress: Progress) -> None:
        """Create it, or find it in the cache."""
        world.environments.ensure(self.lock, progress.report)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallClient(Step):
    """Make the environment of the code that uses the stack, from the project's lock or the tools' packages."""

    lock: Path
    packages: tuple[str, ...]
    """Empty when the project brings its own lock."""
    link: Path
    kind: str = "client"
    phase: Phase = "installing"

    @property
    def digest(self) -> str:
        """Change with the lock or the packages."""
        return client_digest(self.lock, self.packages)

    def holds(self, seen: Seen) -> bool:
        """Tell whether the link leads to a complete environment."""
        world: World = seen.world
        complete = all(world.files.exists(each) for each in (self.link / "bin" / "python", self.lock))
        return complete and world.environments.ready(self.lock)

    def apply(self, world: World, progress: Progress) -> None:
        """Resolve, install, link."""
        if self.packages and not self._is_resolved(world):
            world.environments.compile(self.packages, self.lock, progress.report)
            world.files.write(self._marker, digest_of(self.packages))
        world.files.link(self.link, world.environments.ensure(self.lock, progress.report))

    @property
    def _marker(self) -> Path:
        return self.lock.with_name("packages.sha256")

    def _is_resolved(self, world: World) -> bool:
        return world.files.exists(self.lock) and list(world.files.tail(self._marker, 1)) == [digest_of(self.packages)]


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteVariables(Step):
    """Write down what a client of the stack needs to know; secrets are among it."""

    file: Path
    env: Mapping[str, Text]
    kind: str = "variables"
    phase: Phase = "preparing"

    @property
    def digest(self) -> str:
        """Change with the variables."""
        return digest_of({key: show_text(each) for key, each in self.env.items()})

    def holds(self, seen: Seen) -> bool:
        """Tell whether they are written."""
        return bool(seen.world.files.exists(self.file))

    def apply(self, world: World, progress: Progress) -> None:
        """Write them as JSON that only the owner can read."""
        values = {key: reveal(each, world.secrets.get) for key, each in self.env.items()}
        world.files.write(self.file, json.dumps(values, indent=1))


def lock_digest(lock: Path) -> str:
    """Change when the content of a lock file changes."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()[:16]


def client_digest(lock: Path, packages: Sequence[str]) -> str:
    """Change when the client environment changes."""
    return digest_of(sorted(packages)) if packages else lock_digest(lock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepare(Step):
    """Make a component's folders, write its files, run its set-up."""

    folders: tuple[Path, ...]
    files: Mapping[Path, Text]
    setup: tuple[Command, ...]
    kind: str = "prepare"
    phase: Phase = "preparing"

    @property
    def digest(self) -> str:
        """Change with the files and the set-up."""
        files = {str(path): show_text(text) for path, text in self.files.items()}
        return digest_of(files, [each.digest for each in self.setup])

    def holds(self, seen: Seen) -> bool:
        """Tell whether everything it made exists."""
        made = (*self.folders, *self.files, *(each.creates for each in self.setup if each.creates))
        return all(seen.world.files.exists(each) for each in made)

    def apply(self, world: World, progress: Progress) -> None:
        """Make what is missing."""
        for folder in self.folders:
            world.files.folder(folder)
        for path, text in self.files.items():
            world.files.write(path, reveal(text, world.secrets.get))
        for command in self.setup:
            progress.report("setting up")
            command.run(self.component, world)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start(Step):
    """Start a process and wait until it answers at its wired addresses."""

    process: str
    command: Command
    addresses: tuple[Address, ...]
    stop_signal: str
    grace: float
    timeout: float
    inputs: str
    """Digest of what the process reads at its start: files, environment."""
    kind: str = "start"
    phase: Phase = "starting"

    @property
    def digest(self) -> str:
        """Change when the process has to be replaced."""
        return digest_of(self.command.digest, self.inputs, self.stop_signal, self.grace)

    @property
    def record(self) -> Mapping[str, Any]:
        """Name the process."""
        return {"process": self.process}

    def holds(self, seen: Seen) -> bool:
        """Tell whether this very process runs."""
        status = seen.statuses.get(self.process)
        return status is not None and status.state in {"running", "starting"} and status.digest == self.digest

    def apply(self, world: World, progress: Progress) -> None:
        """Start it; raise ActionError when a port is taken, it does not come up or it listens in public."""
        if not self.holds(Seen(world, world.processes.statuses())):
            world.processes.stop(self.process)
            self._refuse_taken_ports(world)
        spec = ProcessSpec(
            self.process,
            self.command.spec(self.component, world),
            self.digest,
            self.stop_signal,
            self.grace,
            tuple(each.port for each in self.addresses if each.is_awaited),
            self.timeout,
        )
        world.processes.start(spec)
        try:
            await_ready(self.process, self.addresses, world, progress, self.timeout, self.command.log)
            self._refuse_foreign_listeners(world)
        except ActionError:
            world.processes.stop(self.process)
            raise

    def _refuse_taken_ports(self, world: World) -> None:
        for address in self.addresses:
            if holder := world.sockets.holder(address.port):
                raise ActionError(TakenPort(self.component, address.port, holder).problem)

    def _refuse_foreign_listeners(self, world: World) -> None:
        """Raise ActionError when another process answered at an address, or this one answers other machines."""
        listeners = world.processes.listeners(self.process)
        for address in self.addresses:
            if address.is_awaited and address.port not in {each.port for each in listeners}:
                holder = world.sockets.holder(address.port) or "another process"
                raise ActionError(TakenPort(self.component, address.port, holder).problem)
        for listener in listeners:
            if not (listener.host.startswith("127.") or listener.host in {"::1", "::ffff:127.0.0.1"}):
                message = f"`{self.process}` listens on {listener.host}:{listener.port}, which other machines can reach"
                raise ActionError(
                    Diagnostic("not-loopback", message, hint="it was stopped; local stacks only listen on 127.0.0.1")
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCommands(Step):
    """Run commands that need a ready component: its own, or one that admits a consumer."""

    commands: tuple[Command, ...]
    kind: str
    phase: Phase = "preparing"
    follows: bool = True

    @property
    def digest(self) -> str:
        """Change with the commands."""
        return digest_of([each.digest for each in self.commands])

    def holds(self, seen: Seen) -> bool:
        """Tell nothing: what it made lies inside the component, and it is repeated whenever that changes."""
        return True

    def apply(self, world: World, progress: Progress) -> None:
        """Run them in order."""
        progress.report(self.summary)
        for command in self.commands:
            command.run(self.component, world)


def undo(kind: str, record: Mapping[str, Any], world: World) -> None:
    """Take back one applied action; what lies in a shared cache or in a component's data stays."""
    if kind == "start":
        world.processes.stop(record["process"])
