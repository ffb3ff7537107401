"""`platinfra status`."""

import sys
import time

import click

from platinfra.app.stacks import brought_up
from platinfra.cli import options, render
from platinfra.targets.answers import ComponentStatus

_MARKS = {"healthy": "✓", "waiting": "◔", "preparing": "◔", "starting": "…", "failed": "✗", "stopped": "■"}
_HEADER = ["", "component", "health", "version", "address", "memory", "restarts", "permissions", ""]


@click.command("status")
@options.stack_folder
@options.as_json
@click.option("--watch", "-w", is_flag=True, help="Refresh every two seconds.")
def command(which: options.Which, *, as_json: bool, watch: bool) -> None:
    """
    Show each component's health, version, address, memory, restarts and permissions.

    A component that waits (for a model to serve, say) or prepares something is fine. Exits with 1 if one is starting, failed or stopped.

    \b
    Example:
      platinfra status
      platinfra status --json
    """
    while True:
        workspace, target = brought_up(*which)
        found = target.status(workspace)
        if watch:
            click.clear()
        render.data({"components": found}) if as_json else render.table([_row(each) for each in found], _HEADER)
        if not watch:
            sys.exit(0 if all(each.is_fine for each in found) else 1)
        time.sleep(2)


def _row(each: ComponentStatus) -> list[str]:
    memory = f"{each.memory / 1_000_000:.0f} MB" if each.memory else ""
    cells = [_MARKS[each.health], each.name, each.health, each.version, each.address, memory]
    return [*cells, str(each.restarts or ""), str(each.permissions or ""), each.detail]
