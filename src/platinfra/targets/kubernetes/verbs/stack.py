"""A stack in a cluster: an own one, or the one that a cloud makes."""

from platinfra.model.workspace import Workspace
from platinfra.resolve.resolve import Resolved
from platinfra.sections.cluster import ClusterDeployment
from platinfra.targets.kubernetes.bundle import Bundle, bundle
from platinfra.targets.kubernetes.facts import ClusterFacts
from platinfra.targets.kubernetes.image_digests import FILE, read
from platinfra.targets.kubernetes.place import VERSION, Cloud, place_of
from platinfra.targets.kubernetes.schema import KubernetesProvider


def bundle_of(
    stack: Resolved,
    *,
    version: str | None = None,
    cloud: Cloud | None = None,
    digests: bool = True,
) -> Bundle:
    """
    Return the steps of a resolved stack in its cluster; raise PlatinfraError for what cannot be put there.

    `version` is that of the cluster where it was asked or is made; without `digests` images keep their tags.
    """
    graph, deployment = stack.graph, stack.deployment
    assert isinstance(deployment, ClusterDeployment)
    planned = version or deployment.kubernetes_version or VERSION
    known = digests_of(stack.workspace) if digests else None
    place = place_of(graph, deployment, planned, context_of(stack), cloud, stack.users, known)
    return bundle(ClusterFacts(graph, stack.catalog, place).values)


def context_of(stack: Resolved) -> str | None:
    """Return the context that leads to the stack's cluster; None for the current one, and for that of a cloud."""
    return stack.provider.context if isinstance(stack.provider, KubernetesProvider) else None


def digests_of(workspace: Workspace) -> dict[str, str] | None:
    """Return the digests of images beside the stack file, None without any; raise PlatinfraError when they are unreadable."""
    path = workspace.folder / FILE
    return read(path.read_text(encoding="utf-8", errors="replace")) if path.is_file() else None
