"""`platinfra completion`."""

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """
    Print the completion script for SHELL.

    \b
    Example:
      eval "$(platinfra completion bash)"
    """
    from platinfra.cli.main import cli

    found = get_completion_class(shell)
    if found is not None:
        click.echo(found(cli, {}, "platinfra", "_PLATINFRA_COMPLETE").source())
