"""`platinfra check`."""

import sys

import click

from platinfra.app.stacks import brought_up
from platinfra.cli import options, render
from platinfra.targets.answers import Proof


@click.command("check")
@options.component(required=False)
@options.stack_folder
@options.as_json
def command(component: str | None, which: options.Which, *, as_json: bool) -> None:
    """
    Test each component and each wire with the tools' real clients.

    The check writes through one tool and reads through the other. With COMPONENT, check only that one and its wires.

    \b
    Example:
      platinfra check
      platinfra check mlflow
    """
    workspace, target = brought_up(*which)
    proofs = target.prove(workspace, component, lambda proof: None if as_json else _print(proof))
    if as_json:
        render.data({"proofs": proofs})
    failed = sum(not each.ok for each in proofs)
    idle = sum(each.ok and not each.proved for each in proofs)
    ended = f"{failed} of {len(proofs)} checks failed" if failed else f"all {len(proofs)} checks passed"
    render.say_done(f"{ended}, {idle} without anything to prove yet" if idle else ended)
    sys.exit(1 if failed else 0)


def _print(proof: Proof) -> None:
    mark = click.style("✓", fg="green") if proof.proved else "-" if proof.ok else click.style("✗", fg="red")
    click.echo(f"{mark} {proof.subject:<64} {proof.seconds:5.1f} s  {proof.detail}".rstrip())
