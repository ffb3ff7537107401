"""`platinfra check`."""

import sys
from pathlib import Path

import click

from platinfra.app.check import check
from platinfra.cli import options, render
from platinfra.targets.answers import Proof


@click.command("check")
@options.component(required=False)
@options.stack_folder
@options.as_json
def command(component: str | None, file: Path | None, environment: str | None, *, as_json: bool) -> None:
    """
    Prove each component and each wire through the tools' real clients.

    What one tool wrote, the other has to find. With COMPONENT, only that one and its wires.

    \b
    Example:
      platinfra check
      platinfra check mlflow
    """
    proofs = check(file, environment, component, lambda proof: None if as_json else _print(proof))
    if as_json:
        render.data({"proofs": proofs})
    failed = sum(not each.ok for each in proofs)
    render.done(f"{len(proofs) - failed} of {len(proofs)} hold" if failed else f"all {len(proofs)} hold")
    sys.exit(1 if failed else 0)


def _print(proof: Proof) -> None:
    mark = click.style("✓", fg="green") if proof.ok else click.style("✗", fg="red")
    click.echo(f"{mark} {proof.subject:<64} {proof.seconds:5.1f} s  {proof.detail}".rstrip())
