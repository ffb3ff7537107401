"""Labels of module calls in the root: the component that a resource belongs to can be read from its address."""

import re

_OF_COMPONENT = re.compile(r"module\.(component|identity|secret)_([a-z0-9_]+?)(?:__[a-z0-9_]+)?(?:\.|\[|$)")
INFRASTRUCTURE = ("network", "cluster", "machine", "domain", "files")


def component(name: str, consumer: str | None = None) -> str:
    """Return the label of a component's own module, or of one that it has for a single consumer."""
    return f"component_{_identifier(name)}" + (f"__{_identifier(consumer)}" if consumer else "")


def identity(name: str, role: str) -> str:
    """Return the label of one of a component's roles."""
    return f"identity_{_identifier(name)}__{_identifier(role)}"


def secret(name: str, key: str) -> str:
    """Return the label of one of a component's secrets."""
    return f"secret_{_identifier(name)}__{_identifier(key)}"


def platform_role(name: str) -> str:
    """Return the label of a role of the cluster or the machine."""
    return f"role_{_identifier(name)}"


def access(role: str) -> str:
    """Return the label of the role of a group of users."""
    return f"access_{_identifier(role)}"


def owner(address: str) -> str:
    """Return the component that the resource at a Terraform address belongs to, or the part of the infrastructure."""
    if match := _OF_COMPONENT.match(address):
        return match[2].replace("_", "-")
    if address.startswith("module.access_"):
        return "users"
    part = address.removeprefix("module.").removeprefix("role_")
    return next((each for each in INFRASTRUCTURE if part.startswith(each)), "stack")


def _identifier(name: str) -> str:
    return name.replace("-", "_")
