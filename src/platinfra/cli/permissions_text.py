"""Permissions as text."""

from itertools import groupby

import click

from platinfra.cli import render
from platinfra.targets.answers import Allowed, Permissions


def print_permissions(found: Permissions) -> None:
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
