"""`platinfra permissions`."""

from itertools import groupby

import click

from platinfra.app.stacks import stack_of
from platinfra.cli import options, render
from platinfra.targets.answers import Allowed, Permissions


@click.command("permissions")
@options.stack_file
@options.without
@options.as_json
@click.option("--policy", "documents", is_flag=True, help="Print the policy documents that enforce them on the target.")
@click.option(
    "--operator",
    is_flag=True,
    help="Print the minimal permissions to run `up` and `down`: policies on AWS, roles in a cluster.",
)
def command(which: options.Which, without: tuple[str, ...], *, as_json: bool, documents: bool, operator: bool) -> None:
    """
    Show who may do what in the stack in FILE, and which wire requires it.

    \b
    Example:
      platinfra permissions
      platinfra permissions --policy
      platinfra permissions --operator
    """
    stack, target = stack_of(*which, without)
    if documents or operator:
        click.echo(target.policy(stack) if documents else target.operator_policy(stack))
        return
    found = target.permissions(stack)
    if as_json:
        render.data({"permissions": found.grants, "statements": found.statements})
    else:
        _print_permissions(found)


def _print_permissions(found: Permissions) -> None:
    """Print the wires, and each role of AWS or of a cluster with its statements and what asked for them."""
    rows = [
        [each.component, ", ".join(each.verbs) or "use", each.provider, each.wire, each.enforced]
        for each in found.grants
    ]
    render.table(rows, ["component", "may", "on", "wire", "enforced by"])
    for role, statements in groupby(found.statements, key=lambda each: each.role):
        click.secho(f"\n{role}", bold=True)
        for (actions, wire), alike in groupby(statements, key=lambda each: (each.actions, each.wire)):
            _print_statements(actions, wire, list(alike))


def _print_statements(actions: tuple[str, ...], wire: str, alike: list[Allowed]) -> None:
    """Print statements that differ in what they are about only."""
    click.echo(f"  {', '.join(actions)}")
    for allowed in alike:
        for resource in allowed.resources:
            click.echo(f"    on {resource}{f'  ({allowed.reason})' if allowed.reason and resource == '*' else ''}")
    click.echo(click.style(f"    required by {wire}", dim=True))
