"""Find every problem of a stack file, offline."""

from pathlib import Path

from platinfra.app.stacks import checked_stack
from platinfra.resolve.resolve import Resolved


def validate(file: Path | None, environment: str | None = None) -> list[Resolved]:
    """Return the resolved stack in the chosen environment, or in every one; raise PlatinfraError with every problem."""
    first, _ = checked_stack(file, environment)
    others = () if environment is not None else first.environments
    return [first, *(checked_stack(file, name)[0] for name in others)]
