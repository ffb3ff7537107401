"""How a tool runs as processes of a machine, as authors of `tool.yaml` write it."""

from collections.abc import Iterator, Sequence
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from platinfra.catalog.entry import Argument, Attribute, Entry
from platinfra.model.ground import Computer
from platinfra.model.versions import find_bounds, is_within

_SYSTEMS = {"linux": "Linux", "darwin": "macOS"}


class Stop(Entry):
    """How a process ends."""

    signal: Literal["TERM", "INT", "QUIT", "HUP"] = Field(default="TERM", description="Signal that stops the process.")
    grace: float = Field(default=15, description="Seconds until SIGKILL.")


class Command(Entry):
    """A command that runs to its end."""

    command: list[Argument] = Field(description="Program and arguments; no shell.")
    env: dict[str, str] = Field(default={}, description="Variables, in addition to those that platinfra sets.")
    creates: str | None = Field(default=None, description="Skipped when this path exists.")
    timeout: float = Field(default=120, description="Seconds.")


class Maintenance(Entry):
    """What a command of the tool's own maintenance needs beside the environment of its server."""

    command: list[str] = Field(description="How such a command begins, as people type it after `platinfra run --as`.")
    program: list[str] = Field(default=[], description="What runs instead, where the tool brings no such program.")
    arguments: list[str] = Field(default=[], description="What stands behind that, before what people add.")
    env: dict[str, str] = Field(default={}, description="Variables, in addition to those of the server.")
    schedule: str | None = Field(
        default=None,
        description="cloud_vm: when the machine runs it by itself, as systemd's OnCalendar; not where `env` mentions what is not bound.",
    )


class Process(Entry):
    """A long-running command."""

    command: list[Argument] = Field(description="Program and arguments; no shell.")
    env: dict[str, str] = Field(default={}, description="Variables, in addition to those that platinfra sets.")
    environment: Literal["tool", "client"] = Field(default="tool", description="The tool's own venv, or the project's.")
    after: list[str] = Field(default=[], description="Processes of the same tool that have to be ready first.")
    endpoints: list[str] = Field(default=[], description="The endpoints it serves; all of them must answer.")
    stop: Stop = Field(default_factory=Stop, description="How it is stopped.")


class Program(Entry):
    """A program that people install themselves, with their system's packages."""

    names: list[str] = Field(min_length=1, description="What it is called on PATH, the usual name first.")
    version: str = Field(default="--version", description="Argument with which it prints its version.")
    bound: str = Field(description="Versions that the recipe works with, such as `>=2.40`.")
    systems: list[Literal["linux", "darwin"]] = Field(
        default=["linux", "darwin"], description="Where it is needed; elsewhere the tool's packages bring it."
    )

    @field_validator("bound")
    @classmethod
    def _can_be_compared(cls, value: str) -> str:
        return _as_bound(value)


class Needs(Entry):
    """The computers that a tool's packages are made for, and programs of theirs; a key that is absent asks for nothing."""

    systems: list[Literal["linux", "darwin"]] = Field(default=[], description="Operating systems; any, when empty.")
    machines: list[str] = Field(
        default=[], description="Processors as `uname -m` calls them, such as x86_64; any, when empty."
    )
    python: str = Field(default="", description="Versions of Python, such as `>=3.11,<3.13`.")
    glibc: str = Field(default="", description="Versions of Linux's C library, such as `>=2.35`.")
    programs: dict[str, Program] = Field(
        default={}, description="Programs that have to be on PATH; platinfra never installs them."
    )
    install: dict[Literal["linux", "darwin"], str] = Field(
        default={}, description="The command that installs them: with Debian's packages, and on macOS."
    )

    @field_validator("python", "glibc")
    @classmethod
    def _can_be_compared(cls, value: str) -> str:
        return value and _as_bound(value)

    @model_validator(mode="after")
    def _says_how_to_install(self) -> Self:
        for name, program in self.programs.items():
            least = "linux" if "linux" in program.systems else "darwin"
            if least not in self.install:
                raise ValueError(f"`install` has no command for {least}, where `{name}` is needed")
        return self

    def missing(self, computer: Computer) -> str | None:
        """Return what the packages need and a computer has not, in half a sentence; None when it has all."""
        differing = list(self._mismatches(computer))
        if not differing:
            return None
        needed, found = zip(*differing, strict=True)
        return f"its packages need {_join(needed)}, and this machine has {_join(found)}"

    def _mismatches(self, computer: Computer) -> Iterator[tuple[str, str]]:
        """Yield what is needed and what is there instead."""
        system, machine = computer.system, computer.machine
        if self.systems and system not in self.systems:
            yield " or ".join(_SYSTEMS[each] for each in self.systems), _SYSTEMS.get(system, system)
        if self.machines and machine not in self.machines:
            yield f"a processor of {' or '.join(self.machines)}", f"one of {machine}"
        if self.python and not is_within(computer.python, find_bounds(self.python) or []):
            yield f"Python {self.python}", f"Python {computer.python}"
        # Where the system is another one, that is all there is to say of its C library.
        if self.glibc and system == "linux" and not is_within(computer.glibc, find_bounds(self.glibc) or []):
            yield f"glibc {self.glibc}", f"glibc {computer.glibc}" if computer.glibc else "another C library"


def _as_bound(text: str) -> str:
    """Return a text that is a bound of versions; raise ValueError for another."""
    if find_bounds(text) is None:
        raise ValueError(f"`{text}` is no bound of versions, such as `>=3.11,<3.13`")
    return text


def _join(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


class Earlier(Entry):
    """What an earlier version of a tool is installed from."""

    requirements: str = Field(description="Hashed requirements file in the tool's folder.")
    packages: list[str] = Field(default=[], description="Packages of its clients, instead of those of `client`.")


class Copies(Entry):
    """How a provider keeps a copy of what one consumer has, before the consumer's tool migrates it."""

    keep: Command = Field(
        description="Makes the copy `COPY` of the consumer's data, instead of an older one of that name."
    )
    put_back: Command = Field(description="Makes the consumer's data what the copy `COPY` is; the copy stays.")


class LocalRun(Entry):
    """How the tool runs as processes of this machine."""

    requirements: str | None = Field(default=None, description="Hashed requirements file in the tool's folder.")
    version: str = Field(
        default="", description="The tool's version in `requirements`, where there are `earlier` ones."
    )
    earlier: dict[str, Earlier] = Field(
        default={}, description="Versions that a stack file may name instead, the newest first."
    )
    migrate: list[Command] = Field(
        default=[],
        description="Brings data of an earlier version to this one, before the processes start; none where the server does it by itself.",
    )
    copies: dict[str, Copies] = Field(
        default={}, description="Capability to the commands that keep a copy of what one consumer has."
    )
    needs: Needs | None = Field(
        default=None, description="The computers that its packages are made for, where there are others."
    )
    path: list[str] = Field(default=[], description="Folders before the system's PATH.")
    env: dict[str, str] = Field(default={}, description="Variables, in addition to those that platinfra sets.")
    files: dict[str, str] = Field(default={}, description="Relative name to content.")
    secrets: list[str] = Field(default=[], description="Generated for each component here, beside those of the tool.")
    setup: list[Command] = Field(default=[], description="Before the processes start.")
    processes: dict[str, Process] = Field(default={}, description="Long-running processes.")
    ready: list[Command] = Field(default=[], description="After the processes are ready.")
    grants: dict[str, Command] = Field(default={}, description="Capability to the command that admits one consumer.")
    credentials: dict[str, dict[str, str]] = Field(
        default={}, description="Capability to the variables that every process of a consumer gets."
    )
    maintenance: list[Maintenance] = Field(
        default=[], description="Commands of `platinfra run --as` that need more than the environment of the server."
    )
    provides: dict[str, dict[Attribute, str]] = Field(
        default={},
        description="Attributes for consumers on this machine, instead of those of `provides`.",
    )
    not_for: dict[str, str] = Field(
        default={}, description="Stage that the tool fills elsewhere and not on a machine, and why, in half a sentence."
    )
    unprivileged: bool = Field(default=False, description="Refuses to run as root.")
    timeout: float = Field(default=180, description="Seconds to wait until it is ready.")
