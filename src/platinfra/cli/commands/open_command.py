"""`platinfra open`."""

import click

from platinfra.app.open import forward
from platinfra.app.stacks import brought_up
from platinfra.cli import options


@click.command("open")
@options.component(required=False)
@options.stack_folder
@click.option("--print", "only_print", is_flag=True, help="Only print the address.")
def command(component: str | None, which: options.Which, *, only_print: bool) -> None:
    """
    Open the page of COMPONENT in the browser. Without COMPONENT, list all pages.

    \b
    Example:
      platinfra open mlflow
      platinfra open jupyterlab     (logs you in)
    """
    workspace, target = brought_up(*which)
    if component is None:
        for name, url in target.pages(workspace).items():
            click.echo(f"{name:<16} {url}")
        return
    found = target.page(workspace, component)
    click.echo(found.shown)
    if only_print:
        return
    if found.tunnel:
        forward(found)
    elif click.launch(found.opened) != 0:
        click.echo(f"no browser found; open {found.opened}", err=True)
