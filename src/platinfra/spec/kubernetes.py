"""What a deployment on Kubernetes may set, as people write it; everything has a default."""

from typing import Annotated, Any, Literal

from pydantic import Field

from platinfra.spec.aws import CANONICAL, Strict
from platinfra.spec.routes import Routes


class KubernetesDeployment(Strict):
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
    applications: Literal["up", "gitops"] | None = Field(
        None,
        description="aws: what installs applications in the cluster: `up`, or a GitOps controller with the output of `render`; up.",
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
