"""`platinfra graph`."""

import click

from platinfra.app.graph import graph
from platinfra.cli import options


@click.command("graph")
@options.stack_file
@options.without
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "mermaid", "svg"]),
    default="text",
    show_default=True,
    help="Output format.",
)
def command(which: options.Which, without: tuple[str, ...], form: str) -> None:
    """
    Draw the stack in FILE.

    \b
    Example:
      platinfra graph
      platinfra graph --format svg > stack.svg
    """
    click.echo(graph(*which, without, form))
