"""`platinfra open`."""

from pathlib import Path

import click

from platinfra.app.open import page, pages
from platinfra.cli import options


@click.command("open")
@options.component(required=False)
@options.stack_folder
@click.option("--print", "only_print", is_flag=True, help="Print the address only.")
def command(component: str | None, file: Path | None, environment: str | None, *, only_print: bool) -> None:
    """
    Open the page of COMPONENT in the browser; without one, list the pages.

    \b
    Example:
      platinfra open mlflow
      platinfra open jupyterlab     (logs you in)
    """
    if component is None:
        for name, url in pages(file, environment).items():
            click.echo(f"{name:<16} {url}")
        return
    shown, opened = page(file, environment, component)
    click.echo(shown)
    if not only_print and click.launch(opened) != 0:
        click.echo(f"no browser was found; open {opened}", err=True)
