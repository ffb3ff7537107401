"""Which wires reach their consumer: only those of which it is told something."""

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Requirement, Tool
from platinfra.spec.schema import StackFile


def is_absent(requirement: Requirement, file: StackFile) -> bool:
    """Tell whether the tool does not need it in the place that the file chooses."""
    target = file.provider.name
    elsewhere = target == "aws" and kind_of(file) not in requirement.deployments
    return target not in requirement.targets or elsewhere


def kind_of(file: StackFile) -> str:
    """Return what applications on AWS run in: `kubernetes` or `cloud_vm`."""
    return file.deployment.type or "kubernetes"


def fits(requirement: Requirement, tool: Tool) -> bool:
    """Tell whether the consumer knows how to use a tool."""
    return requirement.tools is None or tool.name in requirement.tools


def is_for_code(requirement: Requirement, catalog: Catalog) -> bool:
    """Tell whether a wire is worth only what code of users hears by it: the variables of the provider's clients."""
    return requirement.client and requirement.many and catalog.capability(requirement.capability).stage


def tells_clients(tool: Tool, file: StackFile) -> bool:
    """Tell whether code in the chosen place gets any variable of a tool's clients."""
    if file.provider.name == "aws" and kind_of(file) == "cloud_vm" and tool.run.local is None:
        return False  # the machine runs a stack of its own, which does not know it
    own = tool.run.kubernetes.client_env if tool.run.kubernetes and file.provider.name != "local" else None
    return bool(tool.client.env if own is None else own)
