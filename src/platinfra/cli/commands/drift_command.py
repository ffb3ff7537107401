"""`platinfra drift`."""

import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from platinfra.app.stacks import stack_of
from platinfra.cli import options, render
from platinfra.model.drift import Drift

_WIDE = 60
DRIFTED = 3
"""Exit code of `--exit-code` when something was changed by hand."""


@click.command("drift")
@options.stack_file
@options.without
@options.as_json
@click.option("--exit-code", is_flag=True, help=f"Exit with {DRIFTED} if something differs.")
def command(which: options.Which, without: tuple[str, ...], *, as_json: bool, exit_code: bool) -> None:
    """
    Show what was changed by hand since `up`, in the AWS account or in the cluster. Changes nothing.

    \b
    Example:
      platinfra drift
      platinfra drift --env production --exit-code
    """
    stack, target = stack_of(*which, without)
    found = target.drift(stack)
    if as_json:
        render.data({"drift": found})
    else:
        _print_drift(found)
    if exit_code and found:
        sys.exit(DRIFTED)


def _print_drift(found: Sequence[Drift]) -> None:
    """Print what differs from what was applied, by component."""
    if not found:
        click.echo("nothing was changed by hand")
        return
    for each in sorted(found, key=lambda each: (each.component, each.address)):
        whole = "was removed" if each.before is not None else "was added"
        what = f"{each.attribute}: {_show(each.before)} → {_show(each.after)}" if each.attribute else whole
        click.echo(f"{each.component}  {each.address}  {what}{'' if each.restored else '  (stays)'}")
    if any(each.restored for each in found):
        rest = "" if all(each.restored for each in found) else " but for what is marked `stays`"
        click.echo(f"`platinfra up` restores it{rest}", err=True)
    if not all(each.restored for each in found):
        click.echo("what is marked `stays` was added beside what platinfra applied: remove it by hand", err=True)


def _show(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDE else f"{text[:_WIDE]}…"
