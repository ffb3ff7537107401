"""`platinfra restart`."""

import click

from platinfra.app.stacks import brought_up, refuse_reason
from platinfra.cli import options, progress
from platinfra.targets.answers import Talk


@click.command("restart")
@options.component(required=True)
@options.stack_folder
@options.why
def command(component: str, which: options.Which, *, why: str) -> None:
    """
    Restart COMPONENT and wait until it is ready.

    \b
    Example:
      platinfra restart mlflow
      platinfra restart mlflow --why "it is slow"
    """
    workspace, target = brought_up(*which)
    refuse_reason(target, why)
    with progress.choose_progress() as emit:
        target.restart(workspace, component, Talk(emit, why=why))
