"""`platinfra unlock`."""

import click

from platinfra.app.stacks import stack_of
from platinfra.cli import options, render
from platinfra.cli.consent import Consent


@click.command("unlock")
@options.stack_file
@click.option("--yes", "-y", is_flag=True, help="Release it without asking.")
def command(which: options.Which, *, yes: bool) -> None:
    """
    Release the lock of a stack's state on AWS after the command that held it died.

    \b
    Example:
      platinfra unlock
    """
    stack, target = stack_of(*which)
    lock = target.unlock(stack, Consent(yes=yes).may_unlock)
    render.say_done(f"released the lock of {lock.who}" if lock else "there is no lock")
