"""Which wires reach their consumer: only those of which it is told something."""

from platinfra.catalog.capability import Requirement
from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Tool
from platinfra.model.ground import Ground, Place

WAYS = "run such code on an orchestrator beside them, or give jobs the https address of a server elsewhere"
"""What to do about tools that jobs of a service do not reach."""


def is_absent(requirement: Requirement, place: Place, ground: Ground) -> bool:
    """Tell whether a tool does not need it where it stands."""
    elsewhere = requirement.targets is not None and ground.target not in requirement.targets
    return elsewhere or place not in requirement.places


def fits(requirement: Requirement, tool: Tool) -> bool:
    """Tell whether the consumer knows how to use a tool."""
    return (requirement.tools is None or tool.product in requirement.tools) and understands(requirement, tool)


def understands(requirement: Requirement, tool: Tool) -> bool:
    """Tell whether the consumer knows the protocol of a tool."""
    return tool.speaks is None or tool.speaks in requirement.speaks


def is_for_code(requirement: Requirement, catalog: Catalog) -> bool:
    """Tell whether a wire is worth only what code of users hears by it: the variables of the provider's clients."""
    return requirement.client and requirement.many and catalog.capability(requirement.capability).stage


def is_beyond(consumer: Place, provider: Place, tool: Tool) -> bool:
    """
    Tell whether a service of a cloud would be wired to what it cannot reach: its jobs run outside the cluster and the machine.

    Addresses there mean something to the stack's own pods and processes only, and nobody else is let in.
    """
    runs_nothing = tool.run.kubernetes is not None and tool.run.kubernetes.client_only
    return consumer == "service" and provider != "service" and not runs_nothing


def tells_clients(tool: Tool, ground: Ground, consumer: Place) -> bool:
    """Tell whether code on some ground, in some place there, gets any variable of a tool's clients."""
    if consumer == "service":
        return "service" in tool.places and bool(tool.client.env)
    if "machine" in ground.places and tool.run.local is None:
        return False  # a machine runs a stack of its own, which does not know it
    own = tool.run.kubernetes.client_env if tool.run.kubernetes and "cluster" in ground.places else None
    return bool(tool.client.env if own is None else own)
