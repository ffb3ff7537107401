"""What somebody changed by hand."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Drift:
    """One attribute that is no longer what was applied; something that is gone, or that nobody asked for."""

    component: str
    address: str
    """The Terraform address of a resource, or `Deployment ml/mlflow`."""
    attribute: str
    """Its path, such as `tags.team` or `spec.replicas`; empty for the whole thing."""
    before: Any
    """As it was applied; None for what nobody asked for."""
    after: Any
    """As it is now; None for what is gone."""
    restored: bool = True
    """Whether `up` puts it back; what others added beside ours stays until somebody removes it."""
