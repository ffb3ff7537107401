"""`platinfra images`."""

from typing import Literal

import click

from platinfra.app.images import lock
from platinfra.app.stacks import stack_of
from platinfra.cli import options, render

Action = Literal["build", "push", "lock"]


@click.command("images")
@click.argument("actions", type=click.Choice(["build", "push", "lock"]), nargs=-1)
@options.stack_folder
@click.option("--base", metavar="IMAGE", help="Use another base image with Python, such as one of yours by its digest.")
@options.as_json
def command(which: options.Which, actions: tuple[Action, ...], base: str | None, *, as_json: bool) -> None:
    """
    Show the images that platinfra builds for tools without a maintained one, and build, push or lock them.

    Each is built from the tool's hashed lock. `build` builds the missing ones, with Docker or Podman; `push` also
    pushes them to `deployment.registry`. `lock` asks the registries for the digest of every image of the stack and writes
    them to platinfra.images.json next to the stack file. `plan`, `up` and `render` then use these digests in platinfra's
    own objects. Charts that Helm installs keep their tags.

    \b
    Example:
      platinfra images
      platinfra images push lock
      platinfra images build --base registry.example.org/python:3.12
    """
    stack, target = stack_of(*which)
    found = [] if actions else target.images(stack)
    if {"build", "push"} & {*actions}:
        found = target.build_images(stack, _report, base=base, push="push" in actions)
    if "lock" in actions:
        found = lock(*which, _report)
    if as_json:
        render.data({"images": found})
    else:
        render.table([[each.tool, each.name, each.digest or each.state] for each in found], ["tool", "image", "state"])


def _report(text: str) -> None:
    click.echo(text, err=True)
