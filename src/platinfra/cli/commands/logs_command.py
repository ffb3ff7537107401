"""`platinfra logs`."""

import click

from platinfra.app.stacks import brought_up
from platinfra.cli import options


@click.command("logs")
@options.component(required=False)
@options.stack_folder
@click.option(
    "--lines", "-n", default=50, show_default=True, type=click.IntRange(min=0), help="Lines to show of each log."
)
@click.option("--follow", "-f", is_flag=True, help="Keep printing new lines.")
def command(component: str | None, which: options.Which, lines: int, *, follow: bool) -> None:
    """
    Show the logs of COMPONENT, or of all components.

    \b
    Example:
      platinfra logs mlflow
      platinfra logs prefect -n 200 --follow
    """
    workspace, target = brought_up(*which)
    for process, line in target.logs(workspace, component, lines=lines, follow=follow):
        click.echo(f"{click.style(process, fg='cyan')} | {line}")
