"""`platinfra validate`."""

from collections.abc import Sized

import click

from platinfra.app.stacks import checked_stacks
from platinfra.cli import options, render


@click.command("validate")
@options.stack_file
@options.as_json
def command(which: options.Which, *, as_json: bool) -> None:
    """
    Check FILE (default: platinfra.yaml) and list every problem, offline.

    \b
    Example:
      platinfra validate
      platinfra validate team/platinfra.yaml --env prod
    """
    results = checked_stacks(*which)
    warnings = list(results[0].warnings)
    render.diagnostics(warnings)
    if as_json:
        render.data(
            {
                "valid": True,
                "warnings": warnings,
                "components": {each.graph.environment: list(each.graph.components) for each in results},
            }
        )
        return
    graph = results[0].graph
    render.say_done(
        f"{graph.stack}: {_count(graph.components, 'component')}, {_count(graph.bindings, 'wire')} on `{graph.target}`; the file is valid"
    )


def _count(things: Sized, name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"
