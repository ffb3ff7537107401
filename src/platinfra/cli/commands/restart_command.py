"""`platinfra restart`."""

import click

from platinfra.app.stacks import brought_up
from platinfra.cli import options, progress
from platinfra.targets.answers import Talk


@click.command("restart")
@options.component(required=True)
@options.stack_folder
def command(component: str, which: options.Which) -> None:
    """
    Restart COMPONENT and wait until it is ready.

    \b
    Example:
      platinfra restart mlflow
    """
    workspace, target = brought_up(*which)
    with progress.choose_progress() as emit:
        target.restart(workspace, component, Talk(emit))
