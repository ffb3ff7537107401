"""The digests of all images of a stack."""

from collections.abc import Callable
from pathlib import Path

from platinfra.app.stacks import stack_of
from platinfra.targets.answers import ImageStatus


def lock(file: Path | None, environment: str | None, report: Callable[[str], None]) -> list[ImageStatus]:
    """Write the digests of all images beside the stack file: without a chosen environment those of all in clusters."""
    first, target = stack_of(file, environment)
    others = () if environment is not None else first.file.environments
    stacks = [first, *(stack_of(file, each)[0] for each in others)]
    in_clusters = [each for each in stacks if "cluster" in each.ground.places] or [first]
    _, target = stack_of(file, in_clusters[0].workspace.environment)
    return target.lock_images(in_clusters, report, everywhere=environment is None)
