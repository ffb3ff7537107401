"""Ask before something is lost."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from platinfra.model.plan import Change
    from platinfra.targets.answers import Lock


def may_remove(*, yes: bool) -> Callable[[list[str]], bool]:
    """Return what asks whether components may be removed; without a terminal only `--yes` agrees."""

    def ask(components: list[str]) -> bool:
        if yes or not sys.stdin.isatty():
            return yes
        return click.confirm(f"Remove {', '.join(components)}? Their data stays in .platinfra.", err=True)

    return ask


def may_move(*, yes: bool) -> Callable[[Sequence[str]], bool]:
    """Return what says whose ports are taken by whom and asks; nobody else may change addresses, not even `--yes`."""

    def ask(taken: Sequence[str]) -> bool:
        if yes or not sys.stdin.isatty():
            return False
        for each in taken:
            click.echo(f"{each[:1].upper()}{each[1:]}.", err=True)
        return click.confirm("Choose new ports? Addresses will change.", err=True)

    return ask


def may_delete(*, yes: bool = False, name: str | None = None) -> Callable[[str], bool]:
    """Return what asks for the stack's name before its data is deleted; without a terminal it has to be given."""

    def ask(stack: str) -> bool:
        if name is not None or yes or not sys.stdin.isatty():
            return yes or name == stack
        return _confirm_by_name(stack, "All data of the stack will be deleted.")

    return ask


def _confirm_by_name(stack: str, why: str) -> bool:
    typed: str = click.prompt(f"{why} Type its name ({stack}) to confirm", err=True, default="", show_default=False)
    return typed == stack


def may_change(*, yes: bool, name: str | None) -> "Callable[[str, Sequence[Change]], bool]":
    """Return what shows the changes to an account and asks; where data is lost, the stack's name has to be typed."""

    def ask(stack: str, changes: "Sequence[Change]") -> bool:
        from platinfra.cli.changes_text import print_changes

        loses = any(each.loses for each in changes)
        if name is not None or yes or not sys.stdin.isatty():
            return name == stack or (yes and not loses)
        print_changes(changes)
        if loses:
            return _confirm_by_name(stack, "Data will be lost, as marked above.")
        return click.confirm("Apply these changes?", err=True)

    return ask


def may_unlock(*, yes: bool) -> "Callable[[Lock], bool]":
    """Return what asks whether a lock may be released."""

    def ask(lock: "Lock") -> bool:
        if yes or not sys.stdin.isatty():
            return yes
        question = f"Locked by {lock.who} since {lock.since} ({lock.operation}). Release the lock?"
        return click.confirm(question, err=True)

    return ask
