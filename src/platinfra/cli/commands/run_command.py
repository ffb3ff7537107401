"""`platinfra run`."""

import click

from platinfra.app.run import run
from platinfra.cli import options


@click.command("run", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@options.stack_folder
@click.argument("command_line", nargs=-1, type=click.UNPROCESSED, required=True, metavar="-- CMD [ARGS]...")
def command(which: options.Which, command_line: tuple[str, ...]) -> None:
    """
    Run CMD in the stack's client environment, with its variables.

    \b
    Example:
      platinfra run -- python train.py
      platinfra run -- dvc push
    """
    run(*which, command_line)
