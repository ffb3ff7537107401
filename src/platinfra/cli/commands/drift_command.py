"""`platinfra drift`."""

import sys
from pathlib import Path

import click

from platinfra.app.stacks import stack_of
from platinfra.cli import options, render
from platinfra.cli.drift_text import print_drift

DRIFTED = 3
"""Exit code of `--exit-code` when something was changed by hand."""


@click.command("drift")
@options.stack_file
@options.without
@options.as_json
@click.option("--exit-code", is_flag=True, help=f"Exit with {DRIFTED} if something differs.")
def command(
    file: Path | None, environment: str | None, without: tuple[str, ...], *, as_json: bool, exit_code: bool
) -> None:
    """
    Show what was changed by hand since `up`, in the AWS account or in the cluster. Changes nothing.

    \b
    Example:
      platinfra drift
      platinfra drift --env production --exit-code
    """
    stack, target = stack_of(file, environment, without)
    found = target.drift(stack)
    if as_json:
        render.data({"drift": found})
    else:
        print_drift(found)
    if exit_code and found:
        sys.exit(DRIFTED)
