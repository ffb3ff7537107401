"""Where in a cluster a stack lies, and how everything there is called."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from platinfra.model.graph import Binding, Component, Graph
from platinfra.model.template import Value
from platinfra.model.workspace import DEFAULT
from platinfra.sections.cluster import ClusterDeployment
from platinfra.sections.section import User
from platinfra.targets.kubernetes.schema import KubernetesDeployment

VERSION = "1.34"
"""The Kubernetes version that is planned for when no cluster was asked."""
FIELD_MANAGER = "platinfra"
"""Who owns the fields of our objects, and what finds them again."""
PART_OF = "app.kubernetes.io/part-of"
"""The label that says of which stack's namespace an object is; on the namespace, its own name."""
MANAGED_BY = "app.kubernetes.io/managed-by"
"""The label that says who made an object, also the namespace of an operator."""


class Cloud(Protocol):
    """The cloud below a cluster: what its services tell, and what follows from its settings."""

    def attribute(self, binding: Binding, name: str) -> Value:
        """Return what a service tells one of its consumers."""

    def client_env(self, binding: Binding) -> Mapping[str, Any]:
        """Return the variables of code that uses a service."""

    def identifies(self, component: Component, *, code: bool = False) -> bool:
        """Tell whether the pods of a component get a role of the cloud, or those with people's code do."""

    def load_balancer(self, scheme: str | None) -> Mapping[str, str]:
        """Return the annotations of a Service whose load balancer is reached from where `scheme` says."""

    def fact(self, name: str) -> Any:
        """Return something of the cloud that is no component's, such as the name of the cluster; None when unknown."""

    def objects(self, component: Component | None) -> Sequence[Mapping[str, Any]]:
        """Return objects that follow from the cloud's own settings: of a component, or of the cluster itself."""

    def administers(self, component: Component) -> bool:
        """Tell whether the logins of a service are made by who brings the stack up, and not by hand."""


@dataclass(frozen=True, slots=True)
class ClusterPlace:
    """Everything about the cluster and the deployment that a plan has to know."""

    stack: str
    environment: str
    version: str
    deployment: ClusterDeployment
    context: str | None = None
    cloud: Cloud | None = None
    users: tuple[User, ...] = ()
    digests: Mapping[str, str] | None = None
    """Names of images to their digests; None when nobody asked registries for them."""

    @property
    def namespace(self) -> str:
        """Return the namespace of the stack."""
        return prefix(self.stack, self.environment)

    @property
    def is_confined(self) -> bool:
        """Tell whether the stack has nothing but its namespace, which somebody else made; operators are theirs too."""
        return isinstance(self.deployment, KubernetesDeployment) and self.deployment.scope == "namespace"

    def labels(self, component: Component | None = None) -> dict[str, str]:
        """Return the labels of an object of ours."""
        own = {PART_OF: self.namespace, MANAGED_BY: FIELD_MANAGER}
        if component is None:
            return own
        return {"app.kubernetes.io/name": component.tool, "app.kubernetes.io/instance": component.name, **own}


def prefix(stack: str, environment: str) -> str:
    """Return what names begin with: the stack, and its environment unless it is the default one."""
    if environment == DEFAULT:
        return stack
    # `a` in `b-c` and `a-b` in `c` would be the same without the hash.
    return f"{stack}-{environment}-{digest(stack, environment)}"


def digest(*parts: str, length: int = 4) -> str:
    """Return a short hash."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:length]


def place_of(
    graph: Graph,
    deployment: ClusterDeployment,
    version: str,
    context: str | None,
    cloud: Cloud | None,
    users: Sequence[User] = (),
    digests: Mapping[str, str] | None = None,
) -> ClusterPlace:
    """Return the place of a stack in a cluster of the given version, such as 1.34."""
    return ClusterPlace(graph.stack, graph.environment, version, deployment, context, cloud, tuple(users), digests)


def code_account(component: Component) -> str:
    """Return the service account of pods with people's code."""
    return f"{component.name}-code"


def metadata(name: str, place: ClusterPlace, component: Component | None = None, **more: Any) -> Mapping[str, Any]:
    """Return the metadata of an object in the stack's namespace."""
    return {"name": name, "namespace": place.namespace, "labels": place.labels(component), **more}
