"""Build the images of tools that have no maintained one, and push them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from platinfra.app.kubernetes.place import is_in_cluster
from platinfra.app.workspace import at
from platinfra.diagnostics import Diagnostic, PlatinfraError

if TYPE_CHECKING:
    from platinfra.targets.kubernetes.images import Image


@dataclass(frozen=True, slots=True)
class ImageStatus:
    """One image of a stack and what became of it."""

    tool: str
    name: str
    state: str
    """`needed`, `here`, `built` or `pushed`."""


def images(file: Path | None, environment: str | None, without: tuple[str, ...] = ()) -> list[ImageStatus]:
    """Return the images that a stack needs and nobody else makes; no container engine is asked."""
    return [ImageStatus(each.tool, each.name, "needed") for each in _images(file, environment, without)]


def build(
    file: Path | None,
    environment: str | None,
    report: Callable[[str], None],
    *,
    base: str | None = None,
    push: bool = False,
) -> list[ImageStatus]:
    """Build the images that are not here yet, and push them if asked; raise ActionError when one fails."""
    from platinfra.drivers.containers import Containers
    from platinfra.targets.kubernetes.values import LOCAL_REGISTRY

    found = _images(file, environment, ())
    if push and any(each.name.startswith(f"{LOCAL_REGISTRY}/") for each in found):
        hint = "name one: `deployment: {registry: registry.example.org/ml}`"
        raise PlatinfraError(Diagnostic("no-registry", "the stack names no registry to push images to", hint=hint))
    engine = Containers()
    done = []
    for each in found:
        state = "here"
        if not engine.has(each.name):
            report(f"building {each.name}")
            engine.build(each.name, each.context, base)
            state = "built"
        if push:
            report(f"pushing {each.name}")
            engine.push(each.name)
            state = "pushed"
        done.append(ImageStatus(each.tool, each.name, state))
    return done


def _images(file: Path | None, environment: str | None, without: tuple[str, ...]) -> "list[Image]":
    from platinfra.app.kubernetes.stack import bundle_of
    from platinfra.targets.kubernetes.images import images as images_of

    workspace = at(file, environment)
    catalog = workspace.catalog()
    resolved = workspace.resolve(catalog, without)
    if not is_in_cluster(resolved):
        hint = "images are for stacks on Kubernetes"
        message = f"a stack on `{resolved.graph.target}` needs no images"
        raise PlatinfraError(Diagnostic("target-not-available", message, hint=hint))
    return images_of(bundle_of(resolved, catalog).values)
