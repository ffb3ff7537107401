"""`platinfra down`."""

from pathlib import Path

import click

from platinfra.app.down import down
from platinfra.cli import options, progress, render
from platinfra.cli.consent import may_delete
from platinfra.targets.answers import Data, Talk


@click.command("down")
@options.stack_folder
@click.option("--delete-data", "data", flag_value="delete", help="Delete the stack's data too; asks for its name.")
@click.option(
    "--keep-data",
    "data",
    flag_value="keep",
    help="Keep the data: the default, except on AWS, where one has to be said.",
)
@click.option("--yes", "-y", is_flag=True, help="Delete without asking, on this machine.")
@options.confirm
def command(file: Path | None, environment: str | None, *, data: Data | None, yes: bool, confirm: str | None) -> None:
    """
    Stop every process of the stack, or remove it from AWS; its data stays, unless told otherwise.

    It works from the state alone: the stack file may be gone.

    \b
    Example:
      platinfra down
      platinfra down --delete-data
      platinfra down --env production --keep-data
    """
    with progress.shown() as emit:
        talk = Talk(emit, may_delete=may_delete(yes=yes, name=confirm))
        ended = down(file, environment, talk, data)
    render.done(ended.text)
    for each in ended.kept:
        render.done(f"kept: {each}")
