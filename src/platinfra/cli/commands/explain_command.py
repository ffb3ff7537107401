"""`platinfra explain`."""

import click

from platinfra.app.explain import explain


@click.command("explain")
@click.argument("name")
def command(name: str) -> None:
    """
    Explain NAME: a tool, a stage or capability, a setting (`mlflow.workers`) or an error (`unknown-tool`).

    \b
    Example:
      platinfra explain mlflow
      platinfra explain ambiguous-binding
    """
    click.echo(explain(name))
