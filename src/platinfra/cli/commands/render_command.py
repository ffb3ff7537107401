"""`platinfra render`."""

from pathlib import Path
from typing import Literal

import click

from platinfra.app.render import render as render_stack
from platinfra.cli import options, render
from platinfra.targets.answers import RenderOptions


@click.command("render")
@options.stack_file
@options.without
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Output folder. The default is STACK-terraform or STACK-kubernetes next to FILE.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["helm", "manifests", "argocd", "flux"]),
    default="helm",
    show_default=True,
    help="Kubernetes: what applies the folder.",
)
@click.option(
    "--outputs",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="AWS: the output of `terraform output -json`. Fills in values that only Terraform knows.",
)
@click.option("--state", is_flag=True, help="AWS: include the S3 backend that `up` uses.")
@options.as_json
def command(
    which: options.Which,
    without: tuple[str, ...],
    out: Path | None,
    kind: Literal["helm", "manifests", "argocd", "flux"],
    outputs: Path | None,
    *,
    state: bool,
    as_json: bool,
) -> None:
    """
    Write the stack as files usable without platinfra: Terraform for AWS, charts and manifests for Kubernetes.

    \b
    Example:
      platinfra render --out infrastructure
      cd infrastructure && terraform init && terraform validate
      platinfra render --env cluster --format argocd
      terraform output -json > outputs.json && platinfra render --format flux --outputs outputs.json
    """
    made = render_stack(*which, out, without, RenderOptions(kind, state=state, outputs=outputs))
    render.diagnostics(made.warnings)
    if as_json:
        render.data({"folder": str(made.folder), "files": list(made.files), "changed": list(made.changed)})
    else:
        render.say_done(f"{made.folder}: {len(made.files)} files, {len(made.changed)} changed")
