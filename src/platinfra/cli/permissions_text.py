"""Permissions as text."""

from itertools import groupby

import click

from platinfra.app.permissions import Allowed, Permissions
from platinfra.cli import render


def print_permissions(found: Permissions) -> None:
    """Print the wires, and on AWS each role with its statements and what asked for them."""
    rows = [
        [each.component, ", ".join(each.verbs) or "use", each.provider, each.wire, each.enforced]
        for each in found.grants
    ]
    render.table(rows, ["component", "may", "on", "wire", "enforced by"])
    for role, statements in groupby(found.statements, key=lambda each: each.role):
        click.secho(f"\n{role}", bold=True)
        for each in statements:
            _print_statement(each)


def _print_statement(allowed: Allowed) -> None:
    click.echo(f"  {', '.join(allowed.actions)}")
    for resource in allowed.resources:
        click.echo(f"    on {resource}{f'  ({allowed.reason})' if allowed.reason and resource == '*' else ''}")
    click.echo(click.style(f"    because of {allowed.wire}", dim=True))
