"""The images that a stack needs and nobody else makes, and the digests of all."""

from collections.abc import Callable
from pathlib import Path

from platinfra.app.stacks import stack_of
from platinfra.targets.answers import ImageStatus

Report = Callable[[str], None]


def images(file: Path | None, environment: str | None) -> list[ImageStatus]:
    """Return the images that a stack needs and nobody else makes; no container engine is asked."""
    stack, target = stack_of(file, environment)
    return target.images(stack)


def build(
    file: Path | None, environment: str | None, report: Report, *, base: str | None = None, push: bool = False
) -> list[ImageStatus]:
    """Build the images that are not here yet, and push them if asked; raise ActionError when one fails."""
    stack, target = stack_of(file, environment)
    return target.build_images(stack, report, base=base, push=push)


def lock(file: Path | None, environment: str | None, report: Report) -> list[ImageStatus]:
    """Write the digests of all images beside the stack file: without a chosen environment those of all in clusters."""
    first, target = stack_of(file, environment)
    others = () if environment is not None else first.file.environments
    stacks = [first, *(stack_of(file, each)[0] for each in others)]
    in_clusters = [each for each in stacks if "cluster" in each.ground.places] or [first]
    _, target = stack_of(file, in_clusters[0].workspace.environment)
    return target.lock_images(in_clusters, report, everywhere=environment is None)
