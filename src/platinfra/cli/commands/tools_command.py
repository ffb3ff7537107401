"""`platinfra tools`."""

import click

from platinfra.app.tools import tools
from platinfra.cli import options, render


@click.command("tools")
@click.option("--stage", help="Only list tools of this stage.")
@click.option("--target", help="Only list tools that run on this target.")
@click.option("--all", "with_not_run", is_flag=True, help="Also list what platinfra knows and does not run.")
@options.as_json
def command(stage: str | None, target: str | None, *, with_not_run: bool, as_json: bool) -> None:
    """
    List the tools of the catalog.

    \b
    Example:
      platinfra tools
      platinfra tools --stage model_serving --target local
    """
    listing = tools(stage, target, with_not_run=with_not_run)
    render.diagnostics(listing.broken)
    if as_json:
        render.data({"tools": listing.tools})
        return
    rows = [
        [each.name, ", ".join(each.stages), ", ".join(each.targets) or "nothing", each.summary]
        for each in listing.tools
    ]
    render.table(rows, ["tool", "stages", "runs on", "summary"])
