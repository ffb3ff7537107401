"""Ask before something is lost."""

import sys
from collections.abc import Callable

import click


def may_remove(*, yes: bool) -> Callable[[list[str]], bool]:
    """Return what asks whether components may be removed; without a terminal only `--yes` agrees."""

    def ask(components: list[str]) -> bool:
        if yes or not sys.stdin.isatty():
            return yes
        return click.confirm(f"Remove {', '.join(components)}? Their data stays in .platinfra.", err=True)

    return ask


def may_delete(*, yes: bool) -> Callable[[str], bool]:
    """Return what asks for the stack's name before its data is deleted."""

    def ask(stack: str) -> bool:
        if yes or not sys.stdin.isatty():
            return yes
        typed: str = click.prompt(
            f"All data of the stack is deleted. Type its name ({stack}) to confirm",
            err=True,
            default="",
            show_default=False,
        )
        return typed == stack

    return ask
