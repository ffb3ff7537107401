"""What every deployment with pods may set, as people write it; everything has a default."""

from typing import Annotated, Any, Literal

from pydantic import Field

from platinfra.sections.routes import Routes
from platinfra.sections.section import CANONICAL, Deployment


class ClusterDeployment(Deployment):
    """How the platform runs in a cluster."""

    storage_class: str | None = Field(None, description="kubernetes, aws: class of volumes; the cluster's default.")
    registry: str | None = Field(
        None,
        description="kubernetes, aws: where images that platinfra builds are kept, such as registry.example.org/ml.",
    )
    charts: str | None = Field(
        None,
        description="kubernetes, aws: fetch all charts from here instead of their own repositories: oci://, https:// or a folder.",
    )
    kubernetes_version: str | None = Field(
        None, description="kubernetes: the version that `render` and `plan` assume; `up` asks the cluster."
    )
    values: dict[str, dict[str, Any]] | None = Field(
        None, description="kubernetes, aws: component to values of its Helm chart, merged over those of platinfra."
    )
    size: Literal["small", "medium", "large"] | None = Field(
        None, description="kubernetes, aws: defaults for replicas, memory and disks; small."
    )
    routes: Annotated[Routes | None, CANONICAL] = Field(
        None, description="kubernetes, aws: the hosts of the tools' pages."
    )
