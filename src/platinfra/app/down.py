"""Take a stack down, by what was written down of it."""

from pathlib import Path

from platinfra.app.stacks import target_of
from platinfra.app.workspace import at
from platinfra.targets.answers import Data, Ended, Talk


def down(file: Path | None, environment: str | None, talk: Talk, data: Data | None) -> Ended:
    """Stop a stack or remove it; the stack file may be gone."""
    workspace = at(file, environment)
    return target_of(workspace).down(workspace, data, talk)
