"""Images of tools that have no maintained one: built from the tool's hashed lock, and run by nobody in particular."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from platinfra.targets.kubernetes.image_content import context
from platinfra.targets.kubernetes.values import Values


@dataclass(frozen=True, slots=True)
class Image:
    """An image with everything it is built from."""

    tool: str
    name: str
    """With its tag, which changes with the content."""
    context: Mapping[str, bytes] = field(repr=False)
    """Relative path to content; `Containerfile` is the recipe."""


def images(values: Values) -> list[Image]:
    """Return the images that a stack needs and nobody else makes."""
    wanted = {}
    for component in values.graph.components.values():
        recipe = values.recipe(component)
        if not values.place.serves(component) and any(each.image == "${image}" for each in recipe.workloads.values()):
            wanted[component.tool] = component
    return [Image(tool, values.image(each), context(values.catalog, tool)) for tool, each in wanted.items()]
