"""Find what somebody changed by hand since `up`."""

from pathlib import Path

from platinfra.app.stacks import stack_of
from platinfra.model.drift import Drift


def drift(file: Path | None, environment: str | None, without: tuple[str, ...] = ()) -> list[Drift]:
    """Return what differs from what was applied; raise PlatinfraError when the stack is not up or cannot drift."""
    stack, target = stack_of(file, environment, without)
    return target.drift(stack)
