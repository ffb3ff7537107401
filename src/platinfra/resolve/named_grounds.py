"""Names of what a stack runs in: a kind of cluster in a stage is no tool, and nothing is added for it."""

from collections.abc import Iterator

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Tool
from platinfra.model.ground import Ground
from platinfra.resolve.environment import Chosen
from platinfra.spec.schema import Use, UseOptions


def is_ground(use: Use, tool: Tool, stage: str, ground: Ground) -> bool:
    """Tell whether a stage names what the stack runs in anyway, and asks for nothing of it."""
    found = tool.no_route
    return bool(found and found.ground == ground.target and stage in tool.provides and use.options == UseOptions())


def notes(chosen: Chosen, catalog: Catalog) -> Iterator[str]:
    """Yield what a stage that names the cluster gets."""
    for stage, uses in chosen.file.stack.items():
        for use in uses:
            tool = catalog.find(use.tool)
            if tool and is_ground(use, tool, stage, chosen.ground):
                yield f"`{use.tool}` is the cluster that the stack runs in, so nothing is added for `{stage}`"
