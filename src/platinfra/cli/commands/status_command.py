"""`platinfra status`."""

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from platinfra.app.stacks import brought_up
from platinfra.cli import options, render
from platinfra.targets.answers import ComponentStatus

if TYPE_CHECKING:
    from rich.table import Table

_MARKS = {"healthy": "✓", "waiting": "◔", "preparing": "◔", "starting": "…", "failed": "✗", "stopped": "■"}
_COLORS = {"healthy": "green", "failed": "red", "starting": "yellow", "stopped": "yellow"}
_HEADER = ["", "component", "health", "version", "address", "memory", "restarts", "permissions", ""]
_PAUSE = 1.0
"""Seconds between two looks."""

_Look = Callable[[], list[ComponentStatus]]


@click.command("status")
@options.stack_folder
@options.as_json
@click.option("--watch", "-w", is_flag=True, help="Refresh every second until Ctrl-C.")
def command(which: options.Which, *, as_json: bool, watch: bool) -> None:
    """
    Show each component's health, version, address, memory, restarts and permissions.

    A component that waits (for a model to serve, say) or prepares something is fine. Exits with 1 if one is starting, failed or stopped.

    \b
    Example:
      platinfra status
      platinfra status --watch
      platinfra status --json
    """

    def look() -> list[ComponentStatus]:
        workspace, target = brought_up(*which)
        return target.status(workspace)

    if watch and not as_json and sys.stdout.isatty():
        _draw(look)
    while True:
        found = look()
        render.data({"components": found}) if as_json else render.table([_row(each) for each in found], _HEADER)
        if not watch:
            sys.exit(0 if all(each.is_fine for each in found) else 1)
        time.sleep(_PAUSE)


def _draw(look: _Look) -> None:
    """Redraw the table in place, on a screen of its own that goes when it ends."""
    from rich.console import Console
    from rich.live import Live

    with Live(_drawn_table(look()), console=Console(), screen=True, auto_refresh=False) as live:
        while True:
            time.sleep(_PAUSE)
            live.update(_drawn_table(look()), refresh=True)


def _drawn_table(found: list[ComponentStatus]) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    fine = sum(each.is_fine for each in found)
    table = Table(box=SIMPLE_HEAD, title=f"{fine} of {len(found)} healthy", title_justify="left", title_style="bold")
    for name in _HEADER:
        table.add_column(name, overflow="fold")
    for each in found:
        color = _COLORS.get(each.health, "")
        table.add_row(*(Text(cell, color if column in {0, 2} else "") for column, cell in enumerate(_row(each))))
    return table


def _row(each: ComponentStatus) -> list[str]:
    memory = f"{each.memory / 1_000_000:.0f} MB" if each.memory else ""
    cells = [_MARKS[each.health], each.name, each.health, each.version, each.address, memory]
    return [*cells, str(each.restarts or ""), str(each.permissions or ""), each.detail]
