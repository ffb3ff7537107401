"""`platinfra permissions`."""

from pathlib import Path

import click

from platinfra.app.stacks import stack_of
from platinfra.cli import options, render
from platinfra.cli.permissions_text import print_permissions


@click.command("permissions")
@options.stack_file
@options.without
@options.as_json
@click.option("--policy", "documents", is_flag=True, help="Print the policy documents that enforce them on the target.")
@click.option("--operator", is_flag=True, help="AWS: print the minimal permissions to run `up` and `down`.")
def command(
    file: Path | None,
    environment: str | None,
    without: tuple[str, ...],
    *,
    as_json: bool,
    documents: bool,
    operator: bool,
) -> None:
    """
    Show who may do what in the stack in FILE, and which wire requires it.

    \b
    Example:
      platinfra permissions
      platinfra permissions --policy
      platinfra permissions --operator
    """
    stack, target = stack_of(file, environment, without)
    if documents or operator:
        click.echo(target.policy(stack) if documents else target.operator_policy(stack))
        return
    found = target.permissions(stack)
    if as_json:
        render.data({"permissions": found.grants, "statements": found.statements})
    else:
        print_permissions(found)
