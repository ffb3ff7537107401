"""`platinfra schema`."""

import click

from platinfra.app.schema import schema
from platinfra.cli import render


@click.command("schema")
@click.argument("kind", type=click.Choice(["stack", "tool"]), default="stack")
def command(kind: str) -> None:
    """
    Print the JSON Schema of the stack file (the default) or of tool.yaml, for editors.

    \b
    Example:
      platinfra schema > platinfra.schema.json
    """
    render.data(schema(kind))
