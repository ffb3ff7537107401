"""Show what `up` would do, without doing anything."""

from pathlib import Path

from platinfra.app.stacks import checked_stack
from platinfra.targets.answers import Planned


def plan(
    file: Path | None,
    environment: str | None = None,
    without: tuple[str, ...] = (),
    *,
    offline: bool = False,
    certain: bool = False,
) -> Planned:
    """
    Compare a stack with what was applied last; raise PlatinfraError with every problem.

    `offline` leaves accounts and clusters alone. With `certain`, one that does not answer is an error.
    """
    stack, target = checked_stack(file, environment, without)
    return target.plan(stack, offline=offline, certain=certain)
