"""`platinfra down`."""

import click

from platinfra.app.stacks import brought_up, refuse_reason
from platinfra.cli import options, progress, render
from platinfra.cli.consent import Consent
from platinfra.targets.answers import Data, Talk


@click.command("down")
@options.stack_folder
@click.option(
    "--delete-data", "data", flag_value="delete", help="Delete the stack's data too. Asks you to type its name."
)
@click.option(
    "--keep-data",
    "data",
    flag_value="keep",
    help="Keep the data. The default, except on AWS, where you have to choose.",
)
@click.option("--yes", "-y", is_flag=True, help="Local: delete without asking.")
@options.confirm
@options.why
def command(which: options.Which, *, data: Data | None, yes: bool, confirm: str | None, why: str) -> None:
    """
    Stop every process of the stack, or remove it from its cluster or AWS account. Data is kept by default.

    Only the state is needed: it works even if the stack file is gone.

    \b
    Example:
      platinfra down
      platinfra down --delete-data
      platinfra down --env production --keep-data
    """
    workspace, target = brought_up(*which)
    refuse_reason(target, why)
    with progress.choose_progress() as emit:
        talk = Talk(emit, may_delete=Consent(yes=yes, name=confirm).may_delete, why=why)
        ended = target.down(workspace, data, talk)
    render.say_done(ended.text)
    for each in ended.kept:
        render.say_done(f"kept: {each}")
