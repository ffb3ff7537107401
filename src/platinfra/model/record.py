"""What a target writes down of a stack before it acts: enough to diff, to resume, to show and to destroy, without the file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

Migration = Callable[[dict[str, Any], Path], dict[str, Any]]
"""Turns the data of one version, and the folder it lies in, into the data of the next; touches nothing."""


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """One action that was begun (`pending`) or finished, with what undoing it needs."""

    kind: str
    component: str
    digest: str
    record: Mapping[str, Any]
    pending: bool = False


@dataclass(frozen=True, slots=True)
class ComponentRecord:
    """What is known of a component on every target."""

    tool: str
    stages: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Record:
    """One stack in one environment; a target adds what it needs for its own commands."""

    migrations: ClassVar[tuple[Migration, ...]] = ()
    """One for each version before this one, the oldest first."""
    destination: ClassVar[str] = ""
    """The target whose record it is."""

    stack: str = ""
    target: str = ""
    """Empty when nothing was written down yet."""
    applied: Mapping[str, ActionRecord] = field(default_factory=dict)
    """The applied actions, in the order they were begun."""
    components: Mapping[str, ComponentRecord] = field(default_factory=dict)

    def continue_from(self, before: Self) -> Self:
        """Return the record with what was applied before, which the first action of a plan finds."""
        return replace(self, applied=before.applied)

    def with_applied(self, key: str, applied: ActionRecord) -> Self:
        """Return the record with one action added or replaced."""
        return replace(self, applied={**self.applied, key: applied})

    def without(self, key: str) -> Self:
        """Return the record without one action."""
        return replace(self, applied={name: each for name, each in self.applied.items() if name != key})
