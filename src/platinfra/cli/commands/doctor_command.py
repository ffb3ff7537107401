"""`platinfra doctor`."""

import sys

import click

from platinfra.app.doctor import doctor
from platinfra.cli import options, render


@click.command("doctor")
@options.stack_file
@options.as_json
def command(which: options.Which, *, as_json: bool) -> None:
    """
    Check whether this machine has what the stack in FILE needs, and show how to fix what is missing.

    \b
    Example:
      platinfra doctor
    """
    findings = doctor(*which)
    if as_json:
        render.data({"findings": findings})
    else:
        rows = (
            ["✓", each.subject, each.detail, ""] if each.ok else ["✗", each.subject, each.detail, each.remedy]
            for each in findings
        )
        render.table(list(rows), ["", "check", "found", "fix"])
    sys.exit(0 if all(each.ok for each in findings) else 1)
