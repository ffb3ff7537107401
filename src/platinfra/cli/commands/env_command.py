"""`platinfra env`."""

import shlex
import sys

import click

from platinfra.app.stacks import brought_up
from platinfra.cli import options, render


@click.command("env")
@options.stack_folder
@options.as_json
@click.option("--show-secrets", is_flag=True, help="Print secrets too. On a terminal they are hidden by default.")
def command(which: options.Which, *, as_json: bool, show_secrets: bool) -> None:
    """
    Print the variables that a client of the stack needs, as shell commands.

    \b
    Example:
      eval "$(platinfra env)"
      platinfra env --json
    """
    workspace, target = brought_up(*which)
    hidden = sys.stdout.isatty() and not show_secrets
    variables = {
        key: "…" if hidden and key.endswith(("TOKEN", "PASSWORD", "SECRET")) else value
        for key, value in target.environment(workspace).items()
    }
    if as_json:
        render.data(variables)
        return
    for key, value in variables.items():
        click.echo(f"export {key}={shlex.quote(value)}")
