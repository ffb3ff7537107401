"""Images of tools that have no maintained one: built from the tool's hashed lock, and run by nobody in particular."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from platinfra.catalog.kubernetes import KubernetesRun
from platinfra.targets.kubernetes.facts import ClusterValues
from platinfra.targets.kubernetes.image_content import context

_BUILT = "${image}"


@dataclass(frozen=True, slots=True)
class Image:
    """An image with everything it is built from."""

    tool: str
    name: str
    """With its tag, which changes with the content."""
    context: Mapping[str, bytes] = field(repr=False)
    """Relative path to content; `Containerfile` is the recipe."""


def images(values: ClusterValues) -> list[Image]:
    """Return the images that a stack needs and nobody else makes."""
    wanted = {}
    for component in values.graph.components.values():
        if not component.is_service and _BUILT in _images(values.facts.recipe(component)):
            wanted[component.tool] = component
    return [Image(tool, values.facts.image(each), context(values.catalog, tool)) for tool, each in wanted.items()]


def _images(recipe: KubernetesRun) -> Iterator[str]:
    """Yield the images of a tool's own pods."""
    for each in recipe.workloads.values():
        yield from (each.image, *(other.image for other in each.beside.values()))
