"""`platinfra up`."""

import click

from platinfra.app.stacks import checked_stack, refuse_reason
from platinfra.cli import options, progress, render
from platinfra.cli.consent import Consent
from platinfra.cli.plan_text import print_applied
from platinfra.targets.answers import Talk


@click.command("up")
@options.stack_file
@options.without
@click.option("--yes", "-y", is_flag=True, help="Do not ask before removing components or changing the AWS account.")
@click.option("--move-ports", is_flag=True, help="Choose new ports without asking if the kept ones are in use.")
@options.confirm
@options.why
@options.as_json
def command(
    which: options.Which,
    without: tuple[str, ...],
    *,
    yes: bool,
    confirm: str | None,
    move_ports: bool,
    why: str,
    as_json: bool,
) -> None:
    """
    Start the stack in FILE, or update it.

    Running it again changes only what differs. After an interruption it continues where it stopped.

    \b
    Example:
      platinfra up
      platinfra up --env laptop --without jupyterlab
      platinfra up --why "more workers for Monday"
    """
    with progress.choose_progress(as_json=as_json) as emit:
        consent = Consent(yes=yes, name=confirm)
        talk = Talk(emit, consent.may_remove, consent.may_change, consent.may_move, why=why)
        stack, target = checked_stack(*which, without)
        refuse_reason(target, why)
        applied = target.up(stack, talk, move_ports=move_ports)
    render.diagnostics(applied.planned.warnings)
    if not as_json:
        print_applied(applied)
