"""`platinfra audit`, and `platinfra audit verify`."""

import json
from typing import Any

import click

from platinfra.app import audit
from platinfra.cli import options, render
from platinfra.diagnostics import refuse
from platinfra.model.audit import AuditEntry

_WIDE = 100


@click.group("audit", invoke_without_command=True)
@options.stack_folder
@options.as_json
@click.option(
    "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Show at most so many entries."
)
@click.pass_context
def command(context: click.Context, which: options.Which, *, as_json: bool, limit: int) -> None:
    """
    Show who changed a stack on this machine, when and why, the newest first; or verify that nothing was altered.

    \b
    Example:
      platinfra audit
      platinfra audit --limit 5 --json
      platinfra audit verify
    """
    context.obj = which
    if context.invoked_subcommand is not None:
        return
    found, problem = audit.entries(*which)
    if as_json:
        render.data({"entries": found[:limit]})
    else:
        render.table(
            [_row(each) for each in found[:limit]],
            ["", "time (UTC)", "who", "action", "object", "why", "before", "after"],
        )
    refuse([problem] if problem else [])


@command.command("verify")
@options.stack_folder
@click.pass_obj
def verify_command(outer: options.Which, which: options.Which) -> None:
    """
    Verify that no line of the audit log was changed, removed, moved or cut off.

    \b
    Example:
      platinfra audit verify
      platinfra audit verify --env staging
    """
    count = audit.verify(*options.inner(which, outer))
    render.say_done(f"{count} {'entry' if count == 1 else 'entries'}, unbroken")


def _row(each: AuditEntry) -> list[str]:
    time = each.time.partition(".")[0].replace("T", " ")
    cells = (str(each.seq), time, each.who, each.action, each.object, each.why, _show(each.before), _show(each.after))
    return [render.plain(each) for each in cells]


def _show(value: Any) -> str:
    """Return plain data on one line: keys and values as people write them."""
    if isinstance(value, dict):
        text = "; ".join(f"{key}: {_show(each)}" for key, each in value.items())
    elif isinstance(value, list):
        text = ", ".join(_show(each) for each in value) or "none"
    else:
        text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _WIDE else f"{text[:_WIDE]}…"
