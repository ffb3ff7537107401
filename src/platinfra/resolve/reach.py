"""Which wires reach their consumer: only those of which it is told something."""

from platinfra.catalog.capability import Requirement
from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Tool
from platinfra.model.ground import Ground, Place


def is_absent(requirement: Requirement, place: Place, ground: Ground) -> bool:
    """Tell whether a tool does not need it where it stands."""
    elsewhere = requirement.targets is not None and ground.target not in requirement.targets
    return elsewhere or place not in requirement.places


def fits(requirement: Requirement, tool: Tool) -> bool:
    """Tell whether the consumer knows how to use a tool."""
    return requirement.tools is None or tool.name in requirement.tools


def is_for_code(requirement: Requirement, catalog: Catalog) -> bool:
    """Tell whether a wire is worth only what code of users hears by it: the variables of the provider's clients."""
    return requirement.client and requirement.many and catalog.capability(requirement.capability).stage


def tells_clients(tool: Tool, ground: Ground) -> bool:
    """Tell whether code on some ground gets any variable of a tool's clients."""
    if "machine" in ground.places and tool.run.local is None:
        return False  # a machine runs a stack of its own, which does not know it
    own = tool.run.kubernetes.client_env if tool.run.kubernetes and "cluster" in ground.places else None
    return bool(tool.client.env if own is None else own)
