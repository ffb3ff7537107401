"""Release the lock that a dead command left behind."""

from collections.abc import Callable
from pathlib import Path

from platinfra.app.stacks import stack_of
from platinfra.targets.answers import Lock


def unlock(file: Path | None, environment: str | None, agree: Callable[[Lock], bool]) -> Lock | None:
    """Release the lock of a stack's state; return it, None when there was none. Raises PlatinfraError without consent."""
    stack, target = stack_of(file, environment)
    return target.unlock(stack, agree)
