"""What kind of ground components stand on, and which of it a target offers."""

from dataclasses import dataclass
from typing import Literal

Place = Literal["machine", "cluster", "service"]
"""`machine`: processes, here or on a virtual machine. `cluster`: charts and manifests. `service`: run by a cloud."""
PLACES: tuple[Place, ...] = ("machine", "cluster", "service")


@dataclass(frozen=True, slots=True)
class Computer:
    """What packages with machine code are made for."""

    system: str
    """As Python calls it: `linux` or `darwin`."""
    machine: str
    """The processor as `uname -m` calls it: `x86_64`, `arm64` …"""
    python: str
    """`3.11`."""
    glibc: str = ""
    """`2.36`; nothing where the C library is another one."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a target offers to components in one type of its deployments."""

    target: str
    type: str
    places: tuple[Place, ...]
    """The first one that a tool has a recipe for is where it stands."""
    computer: Computer | None = None
    """Where processes run, as far as that is known before anything is brought up."""

    def __str__(self) -> str:
        """Return it for people: the target, and the type where the target has several kinds of ground."""
        return f"`{self.target}`" if len(self.places) == 1 else f"`{self.target}` with `type: {self.type}`"
