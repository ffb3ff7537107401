"""`platinfra tools`, and `platinfra tools lint`."""

from pathlib import Path

import click

from platinfra.app.tools import tools
from platinfra.cli import options, render
from platinfra.diagnostics import refuse


@click.group("tools", invoke_without_command=True)
@click.option("--stage", help="Only list tools of this stage.")
@click.option("--target", help="Only list tools that run on this target.")
@click.option("--all", "with_not_run", is_flag=True, help="Also list what platinfra knows and does not run.")
@options.as_json
@click.pass_context
def command(
    context: click.Context, stage: str | None, target: str | None, *, with_not_run: bool, as_json: bool
) -> None:
    """
    List the tools of the catalog, or check tools of your own.

    \b
    Example:
      platinfra tools
      platinfra tools --stage model_serving --target local
      platinfra tools lint tools
    """
    if context.invoked_subcommand is not None:
        return
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


@command.command("lint")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@options.as_json
def lint_command(folder: Path, *, as_json: bool) -> None:
    """
    Check the tools in FOLDER, or the one tool whose folder it is: nothing is started or installed.

    Each is read, planned and rendered on every target that it runs on, with what it requires.

    \b
    Example:
      platinfra tools lint tools
      platinfra tools lint tools/alert-inbox
    """
    from platinfra.app.lint import lint

    found = lint(folder)
    if as_json:
        render.data({"tools": found})
    else:
        render.table(
            [["✗" if each.problems else "✓", each.name, ", ".join(each.grounds) or "nothing"] for each in found],
            ["", "tool", "planned and rendered on"],
        )
    refuse([problem for each in found for problem in each.problems])
