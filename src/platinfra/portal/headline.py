"""How a stack is, in one line, and what helps."""

from collections.abc import Sequence
from dataclasses import dataclass

from platinfra.targets.answers import ComponentStatus

_WORSE = ("failed", "stopped", "starting")


@dataclass(frozen=True, slots=True)
class Headline:
    """One line about a stack."""

    text: str
    health: str
    """The worst of its components, `healthy` when all are fine."""
    wrong: tuple[ComponentStatus, ...] = ()
    helps: str = ""
    """A sentence about what to do."""
    up: bool = False
    """Whether `up` helps."""


def headline(components: Sequence[ComponentStatus]) -> Headline:
    """Return the line of a stack by its components."""
    fine = sum(each.is_fine for each in components)
    text = f"{fine} of {len(components)} healthy"
    wrong = tuple(sorted((each for each in components if not each.is_fine), key=lambda each: _WORSE.index(each.health)))
    if not wrong:
        return Headline(text, "healthy")
    worst = wrong[0].health
    if worst == "starting":
        return Headline(text, worst, wrong, "Wait a moment: what is starting takes up to three minutes.")
    if worst == "stopped":
        return Headline(text, worst, wrong, "Start what is stopped:", up=True)
    return Headline(text, worst, wrong, "Read the log of what failed, mend the cause, then restart it.")
