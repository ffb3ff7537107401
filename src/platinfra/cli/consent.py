"""Ask before something is lost."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from platinfra.model.plan import Change
    from platinfra.targets.answers import Lock


@dataclass(frozen=True, slots=True)
class Consent:
    """What the command line agrees to, and whom else to ask: without a terminal nobody."""

    yes: bool = False
    name: str | None = None
    """The name of the stack, given to agree to the loss of its data."""

    @property
    def _asks(self) -> bool:
        return not self.yes and sys.stdin.isatty()

    def may_remove(self, components: list[str]) -> bool:
        """Ask whether components may be removed."""
        if not self._asks:
            return self.yes
        return click.confirm(f"Remove {', '.join(components)}? Their data stays in .platinfra.", err=True)

    def may_move(self, taken: Sequence[str]) -> bool:
        """Say whose ports are taken by whom and ask; nobody else may change addresses, not even `--yes`."""
        if not self._asks:
            return False
        for each in taken:
            click.echo(f"{each[:1].upper()}{each[1:]}.", err=True)
        return click.confirm("Choose new ports? Addresses will change.", err=True)

    def may_delete(self, stack: str) -> bool:
        """Ask for the stack's name before its data is deleted; without a terminal it has to be given."""
        if self.name is not None or not self._asks:
            return self.yes or self.name == stack
        return _confirm_by_name(stack, "All data of the stack will be deleted.")

    def may_change(self, stack: str, changes: "Sequence[Change]") -> bool:
        """Show the changes to an account and ask; where data is lost, the stack's name has to be typed."""
        from platinfra.cli.changes_text import print_changes

        loses = any(each.loses for each in changes)
        if self.name is not None or not self._asks:
            return self.name == stack or (self.yes and not loses)
        print_changes(changes)
        if loses:
            return _confirm_by_name(stack, "Data will be lost, as marked above.")
        return click.confirm("Apply these changes?", err=True)

    def may_release(self, question: str) -> bool:
        """Ask whether another version of a model may answer from now on."""
        return click.confirm(question, err=True) if self._asks else self.yes

    def may_unlock(self, lock: "Lock") -> bool:
        """Ask whether a lock may be released."""
        if not self._asks:
            return self.yes
        question = f"Locked by {lock.who} since {lock.since} ({lock.operation}). Release the lock?"
        return click.confirm(question, err=True)


def _confirm_by_name(stack: str, why: str) -> bool:
    typed: str = click.prompt(f"{why} Type its name ({stack}) to confirm", err=True, default="", show_default=False)
    return typed == stack
