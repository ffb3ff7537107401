"""`platinfra cost`."""

from pathlib import Path
from typing import Any

import click

from platinfra.app.stacks import checked_stack
from platinfra.cli import options, render
from platinfra.targets.answers import Costs

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("cost")
@options.stack_file
@options.without
@click.option(
    "--prices", multiple=True, metavar="FILE", type=_FILE, help="An offer file of AWS' price list. Repeatable."
)
@options.as_json
def command(which: options.Which, without: tuple[str, ...], prices: tuple[Path, ...], *, as_json: bool) -> None:
    """
    Estimate what FILE costs on AWS in a month of 730 hours, by prices that you give: platinfra has none, and asks nobody.

    Prices are the offer files of AWS' price list for the stack's region, one for each service: `index.csv`, or `index.json`
    where it is small. Without any, the command names those that it needs. What depends on use, or has no price in the
    files, is listed and not counted.

    \b
    Example:
      platinfra cost
      platinfra cost --prices AmazonEC2.csv --prices AmazonRDS.csv --prices AmazonEKS.csv
      platinfra cost --env production --prices AmazonEC2.csv --json
    """
    stack, target = checked_stack(*which, without)
    found = target.cost(stack, prices)
    if as_json:
        render.data(_data(found))
    else:
        _print_costs(found)


def _data(found: Costs) -> dict[str, Any]:
    lines = [
        {
            "component": each.component,
            "item": each.what,
            "quantity": float(each.quantity),
            "unit": each.unit,
            "price": float(each.price),
            "month": float(each.month),
            "knob": each.knob,
        }
        for each in found.lines
    ]
    return {"currency": found.currency, "total": float(found.total), "lines": lines, "not_counted": found.uncounted}


def _print_costs(found: Costs) -> None:
    rows = [
        [each.what, f"{each.quantity:,} {each.unit}", f"{each.price.normalize():f}", f"{each.month:,}", each.knob]
        for each in found.lines
    ]
    header = ["item", "quantity", f"{found.currency} each".strip(), "per month", "lowered by"]
    total = ["total", "", "", f"{found.total:,}", ""]
    render.table([*rows, total], header)
    click.secho("\nNot counted", bold=True)
    render.table([[each.what, each.why, each.knob] for each in found.uncounted], ["item", "why", "lowered by"])
