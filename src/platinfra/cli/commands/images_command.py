"""`platinfra images`."""

from pathlib import Path

import click

from platinfra.app.images import build, images, lock
from platinfra.cli import options, render


@click.command("images")
@options.stack_file
@click.option("--build", "building", is_flag=True, help="Build those that are not here, with Docker or Podman.")
@click.option("--push", is_flag=True, help="Build them, and push them to `deployment.registry`.")
@click.option(
    "--lock",
    "locking",
    is_flag=True,
    help="Ask registries for the digest of every image, and write them to platinfra.images.json beside FILE.",
)
@click.option("--base", metavar="IMAGE", help="Build on another image with Python, such as one of yours by its digest.")
@options.as_json
def command(
    file: Path | None,
    environment: str | None,
    base: str | None,
    *,
    building: bool,
    push: bool,
    locking: bool,
    as_json: bool,
) -> None:
    """
    Show, build or push the images of tools that have no maintained one; each is made from the tool's hashed lock.

    With platinfra.images.json beside FILE, `plan`, `up` and `render` name the images of platinfra's own objects by
    their digests too. Charts that Helm installs keep their tags; what `render --format manifests` makes of them does not.

    \b
    Example:
      platinfra images
      platinfra images --push
      platinfra images --lock
    """
    found = []
    if building or push:
        found = build(file, environment, _report, base=base, push=push)
    if locking:
        found = lock(file, environment, _report)
    elif not (building or push):
        found = images(file, environment)
    if as_json:
        render.data({"images": found})
    else:
        render.table([[each.tool, each.name, each.digest or each.state] for each in found], ["tool", "image", "state"])


def _report(text: str) -> None:
    click.echo(text, err=True)
