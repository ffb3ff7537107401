"""`platinfra env`."""

import os
import sys
from pathlib import Path

import click

from platinfra.app import variables
from platinfra.app.stacks import brought_up
from platinfra.cli import options, render


@click.command("env")
@options.stack_folder
@click.option(
    "--format",
    "kind",
    type=click.Choice(list(variables.FORMATS)),
    default="shell",
    show_default=True,
    help="shell: commands; dotenv: a .env file; vscode: settings.json; pycharm: the template of run configurations.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write this file, readable by you alone. Refused where Git would take it.",
)
@click.option("--force", is_flag=True, help="Replace the file of `--output`.")
@options.as_json
@click.option("--show-secrets", is_flag=True, help="Print secrets too. On a terminal they are hidden by default.")
def command(
    which: options.Which, kind: str, output: Path | None, *, force: bool, as_json: bool, show_secrets: bool
) -> None:
    """
    Print the variables that a client of the stack needs, for shells, .env files and editors.

    \b
    Example:
      eval "$(platinfra env)"
      platinfra env --json
      platinfra env --format dotenv --output .env
      platinfra env --format vscode --output .vscode/settings.json
    """
    workspace, target = brought_up(*which)
    hidden = output is None and sys.stdout.isatty() and not show_secrets
    found = {
        key: "…" if hidden and key.endswith(("TOKEN", "PASSWORD", "SECRET")) else value
        for key, value in target.environment(workspace).items()
    }
    path = target.command_environment(workspace).get("PATH", os.defpath)
    content = variables.text("json" if as_json else kind, found, path)
    if output is None:
        click.echo(content, nl=False)
    else:
        variables.write(output, content, replace=force)
        render.say_done(f"{output}: {len(found)} variables")
