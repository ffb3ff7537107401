"""What was changed by hand, as text."""

import json
from collections.abc import Sequence
from typing import Any

import click

from platinfra.model.drift import Drift

_WIDE = 60


def print_drift(found: Sequence[Drift]) -> None:
    """Print what differs from what was applied, by component."""
    if not found:
        click.echo("nothing was changed by hand")
        return
    for each in sorted(found, key=lambda each: (each.component, each.address)):
        what = f"{each.attribute}: {_show(each.before)} → {_show(each.after)}" if each.attribute else _whole(each)
        click.echo(f"{each.component}  {each.address}  {what}")
    click.echo("`platinfra up` restores it", err=True)


def _whole(drift: Drift) -> str:
    return "was removed" if drift.before is not None else "was added"


def _show(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDE else f"{text[:_WIDE]}…"
