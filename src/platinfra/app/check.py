"""Prove each component and each wire through the tools' real clients."""

from collections.abc import Callable
from pathlib import Path

from platinfra.app.stacks import target_of
from platinfra.app.workspace import at
from platinfra.targets.answers import Proof


def check(
    file: Path | None, environment: str | None, component: str | None, report: Callable[[Proof], None]
) -> list[Proof]:
    """Check a running stack, or one component and its wires; report each proof as it is made."""
    workspace = at(file, environment)
    return target_of(workspace).prove(workspace, component, report)
