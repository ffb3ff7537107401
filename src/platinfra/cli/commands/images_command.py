"""`platinfra images`."""

from pathlib import Path

import click

from platinfra.app.images import build, images
from platinfra.cli import options, render


@click.command("images")
@options.stack_file
@click.option("--build", "building", is_flag=True, help="Build those that are not here, with Docker or Podman.")
@click.option("--push", is_flag=True, help="Build them, and push them to `deployment.registry`.")
@click.option("--base", metavar="IMAGE", help="Build on another image with Python, such as one of yours by its digest.")
@options.as_json
def command(
    file: Path | None, environment: str | None, base: str | None, *, building: bool, push: bool, as_json: bool
) -> None:
    """
    Show, build or push the images of tools that have no maintained one; each is made from the tool's hashed lock.

    \b
    Example:
      platinfra images
      platinfra images --push
    """
    if building or push:
        found = build(file, environment, lambda text: click.echo(text, err=True), base=base, push=push)
    else:
        found = images(file, environment)
    if as_json:
        render.data({"images": found})
    else:
        render.table([[each.tool, each.name, each.state] for each in found], ["tool", "image", "state"])
