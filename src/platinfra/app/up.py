"""Start a stack, or update it."""

from dataclasses import replace
from pathlib import Path

from platinfra.app.stacks import checked_stack
from platinfra.diagnostics import PlatinfraError
from platinfra.targets.answers import Applied, Talk


def up(
    file: Path | None, environment: str | None, talk: Talk, *, without: tuple[str, ...] = (), move_ports: bool = False
) -> Applied:
    """Bring up a stack; raise PlatinfraError before anything is touched, ActionError when an action failed."""
    stack, target = checked_stack(file, environment, without)
    placeholders = [replace(each, severity="error") for each in stack.warnings if each.code == "placeholder"]
    if placeholders:
        raise PlatinfraError(*placeholders)
    return target.up(stack, talk, move_ports=move_ports)
