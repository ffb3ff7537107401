"""The access a binding asks for; IAM, RBAC and database grants are projections of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Permission:
    """A component may do one thing to another, because a wire asks for it."""

    component: str
    verb: str
    provider: str
    capability: str
    wire: str
    """The consumer's requirement, `component.requirement`."""
