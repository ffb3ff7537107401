"""`platinfra down`."""

from pathlib import Path

import click

from platinfra.app.down import down
from platinfra.cli import options, progress, render
from platinfra.cli.consent import may_delete


@click.command("down")
@options.stack_folder
@click.option("--delete-data", is_flag=True, help="Delete the stack's data too; asks for the stack's name.")
@click.option("--yes", "-y", is_flag=True, help="Delete without asking.")
def command(file: Path | None, environment: str | None, *, delete_data: bool, yes: bool) -> None:
    """
    Stop every process of the stack; its data stays, unless told otherwise.

    It works from the state alone: the stack file may be gone.

    \b
    Example:
      platinfra down
      platinfra down --delete-data
    """
    with progress.shown() as emit:
        stopped = down(file, environment, emit, delete_data=may_delete(yes=yes) if delete_data else None)
    render.done("everything is stopped" if stopped else "nothing was running")
