"""Restart one component."""

from pathlib import Path

from platinfra.app.stacks import target_of
from platinfra.app.workspace import at
from platinfra.targets.answers import Talk


def restart(file: Path | None, environment: str | None, component: str, talk: Talk) -> None:
    """Stop and start a component, and wait until it is ready; raise ActionError when it is not."""
    workspace = at(file, environment)
    target_of(workspace).restart(workspace, component, talk)
