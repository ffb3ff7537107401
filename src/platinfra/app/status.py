"""Show component health."""

from pathlib import Path

from platinfra.app.stacks import target_of
from platinfra.app.workspace import at
from platinfra.targets.answers import ComponentStatus


def status(file: Path | None, environment: str | None) -> list[ComponentStatus]:
    """Return the health of each component of a stack that was brought up."""
    workspace = at(file, environment)
    return target_of(workspace).status(workspace)
