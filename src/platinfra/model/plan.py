"""Work in an order that respects every binding, as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    from platinfra.model.event import Phase
    from platinfra.model.ports import ProcessStatus
    from platinfra.model.record import ActionRecord, Record

R = TypeVar("R", bound="Record")
Each = Callable[[Callable[[Any], Any], Sequence[Any]], Iterable[Any]]
"""What calls a function for each of several things, as `map` does."""
Verb = Literal["create", "update", "repair", "replace", "unchanged", "remove"]


@dataclass(frozen=True, slots=True)
class Seen:
    """The world of a target and what ran in it when a plan was compared with it."""

    world: Any
    statuses: Mapping[str, ProcessStatus] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Progress:
    """How an action reports, and how it learns that the user wants to stop."""

    report: Callable[[str], None]
    cancelled: Callable[[], bool]


class Action(Protocol):
    """One idempotent, reversible piece of work."""

    @property
    def kind(self) -> str:
        """The kind by which the target can undo it."""

    @property
    def key(self) -> str:
        """Stable and unique in a plan."""

    @property
    def component(self) -> str:
        """The component it belongs to."""

    @property
    def phase(self) -> Phase:
        """What people see while it runs."""

    @property
    def summary(self) -> str:
        """What it does, for people."""

    @property
    def after(self) -> tuple[str, ...]:
        """The keys of the actions that have to be done first."""

    @property
    def follows(self) -> bool:
        """Whether it is applied again whenever something it comes after is."""

    @property
    def digest(self) -> str:
        """Changes when it has to be applied again."""

    @property
    def record(self) -> Mapping[str, Any]:
        """What undoing it needs, known before it is applied."""

    def holds(self, seen: Seen) -> bool:
        """Tell whether what it did is still there."""

    def apply(self, world: Any, progress: Progress) -> None:
        """Do it in the world of its target; doing it twice is the same as once."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one command does to one thing of one component."""

    verb: Verb
    key: str
    """Unique in a plan: the key of an action, or the Terraform address of a resource."""
    component: str
    summary: str
    paths: tuple[str, ...] = ()
    """What of it differs, as far as that is known."""
    loses: str = ""
    """What is gone afterwards; empty when nothing is."""


@dataclass(frozen=True, slots=True)
class Plan(Generic[R]):
    """Actions in an order in which each comes after those it needs."""

    actions: tuple[Action, ...]
    record: R
    """What is written down of the stack before the first of them."""

    def changes(self, before: Record, seen: Seen | None, each: Each = map) -> list[Change]:
        """
        Compare with what was applied last, and with the world unless `seen` is None.

        `each` is `map`, or what calls a function for several at the same time as `map` does.
        """
        planned = {action.key for action in self.actions}
        removed = [
            Change("remove", key, each.component, f"remove {key}")
            for key, each in reversed(list(before.applied.items()))
            if key not in planned
        ]
        found = each(lambda action: _verb(action, before.applied.get(action.key), seen), self.actions)
        verbs: dict[str, Verb] = {}
        for action, verb in zip(self.actions, found, strict=True):
            moved = action.follows and any(verbs[key] != "unchanged" for key in action.after)
            verbs[action.key] = "repair" if moved and verb == "unchanged" else verb
        return removed + [Change(verbs[each.key], each.key, each.component, each.summary) for each in self.actions]


def _verb(action: Action, applied: ActionRecord | None, seen: Seen | None) -> Verb:
    if applied is None:
        return "create"
    if applied.pending:
        return "repair"
    if applied.digest != action.digest:
        return "update"
    return "unchanged" if seen is None or action.holds(seen) else "repair"
