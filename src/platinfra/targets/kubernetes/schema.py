"""What a stack file may say of a cluster; everything has a default."""

from typing import Literal

from pydantic import Field

from platinfra.sections.cluster import ClusterDeployment
from platinfra.sections.section import Provider


class KubernetesProvider(Provider):
    """Any cluster."""

    context: str | None = Field(None, description="Kubernetes: the kubeconfig context.")


class KubernetesDeployment(ClusterDeployment):
    """How the platform runs in a cluster."""

    scope: Literal["cluster", "namespace"] | None = Field(
        None,
        description="kubernetes: `namespace` needs nothing but the stack's namespace, which somebody else made, and operators that are there; cluster.",
    )
