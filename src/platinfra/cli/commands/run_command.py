"""`platinfra run`."""

import click

from platinfra.app.run import run
from platinfra.cli import options


@click.command("run", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@options.stack_folder
@options.as_component
@click.argument("command_line", nargs=-1, type=click.UNPROCESSED, required=True, metavar="-- CMD [ARGS]...")
def command(which: options.Which, command_line: tuple[str, ...], component: str | None) -> None:
    """
    Run CMD in the stack's client environment, with its variables.

    With --as, in the environment of a component's server, secrets included: for the tool's own maintenance.

    \b
    Example:
      platinfra run -- python train.py
      platinfra run -- dvc push
      platinfra run --as mlflow -- mlflow gc --older-than 30d
    """
    run(*which, command_line, component)
