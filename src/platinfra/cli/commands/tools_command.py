"""`platinfra tools`."""

import click

from platinfra.app.tools import tools
from platinfra.cli import options, render


@click.command("tools")
@click.option("--stage", help="Only list tools of this stage.")
@click.option(
    "--target", type=click.Choice(["local", "kubernetes", "aws"]), help="Only list tools that run on this target."
)
@options.as_json
def command(stage: str | None, target: str | None, *, as_json: bool) -> None:
    """
    List the tools of the catalog.

    \b
    Example:
      platinfra tools
      platinfra tools --stage model_serving --target local
    """
    lines = tools(stage, target)
    if as_json:
        render.data({"tools": lines})
        return
    rows = [[each.name, ", ".join(each.stages), ", ".join(each.targets), each.summary] for each in lines]
    render.table(rows, ["tool", "stages", "runs on", "summary"])
