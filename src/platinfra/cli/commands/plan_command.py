"""`platinfra plan`."""

import sys

import click

from platinfra.app.stacks import checked_stack
from platinfra.cli import options, render
from platinfra.cli.plan_text import plan_data, print_plan

CHANGES = 3
"""Exit code of `--exit-code` when `up` would change something."""


@click.command("plan")
@options.stack_file
@options.without
@options.as_json
@click.option("--offline", is_flag=True, help="Do not contact AWS or the cluster; show what the file declares.")
@click.option("--exit-code", is_flag=True, help=f"Exit with {CHANGES} if there are changes.")
def command(which: options.Which, without: tuple[str, ...], *, as_json: bool, exit_code: bool, offline: bool) -> None:
    """
    Show what `up` would do with FILE: components, wires and their reasons, permissions, actions.

    On AWS it runs `terraform plan` if there are credentials. Changes nothing.

    \b
    Example:
      platinfra plan
      platinfra plan --without jupyterlab --json
    """
    stack, target = checked_stack(*which, without)
    planned = target.plan(stack, offline=offline, certain=exit_code)
    render.diagnostics(planned.warnings)
    if as_json:
        render.data(plan_data(planned))
    else:
        print_plan(planned)
    if exit_code and not planned.is_empty:
        sys.exit(CHANGES)
