"""A tool in an earlier version: the same entry with another lock, and the packages of its clients that belong to it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from platinfra.catalog.schema import Tool

VERSION = "@"
"""Stands between the name of a tool and a version that is not the usual one: `mlflow@3.16.1`."""


def versions_of(tool: "Tool") -> tuple[str, ...]:
    """Return the versions that a stack file may name, the usual one first; none where there is no choice."""
    local = tool.run.local
    return (local.version, *local.earlier) if local and local.version else ()


def as_version(tool: "Tool", version: str) -> "Tool":
    """Return the entry of a tool in one of its versions; raise KeyError for one that it has not."""
    local = tool.run.local
    if local is None or version not in versions_of(tool):
        raise KeyError(version)
    if version == local.version:
        return tool
    earlier = local.earlier[version]
    recipe = local.model_copy(update={"requirements": earlier.requirements, "version": version})
    packages = earlier.packages or tool.client.packages
    return tool.model_copy(
        update={
            "name": f"{tool.name}{VERSION}{version}",
            "aliases": [],
            "run": tool.run.model_copy(update={"local": recipe}),
            "client": tool.client.model_copy(update={"packages": packages}),
        }
    )
