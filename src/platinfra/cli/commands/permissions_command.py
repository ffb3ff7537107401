"""`platinfra permissions`."""

from pathlib import Path

import click

from platinfra.app.permissions import permissions, policy
from platinfra.cli import options, render


@click.command("permissions")
@options.stack_file
@options.without
@options.as_json
@click.option("--policy", "documents", is_flag=True, help="Print the documents that enforce them on the target.")
def command(
    file: Path | None, environment: str | None, without: tuple[str, ...], *, as_json: bool, documents: bool
) -> None:
    """
    Tell who may do what in the stack that FILE describes, and which wire asked for it.

    \b
    Example:
      platinfra permissions
      platinfra permissions --policy
    """
    if documents:
        click.echo(policy(file, environment, without))
        return
    grants = permissions(file, environment, without)
    if as_json:
        render.data({"permissions": grants})
        return
    rows = [[each.component, ", ".join(each.verbs), each.provider, each.wire, each.enforced] for each in grants]
    render.table(rows, ["component", "may", "on", "wire", "enforced by"])
