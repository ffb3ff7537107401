"""A stack in a cluster: an own one, or the one that the AWS target makes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from platinfra.app.workspace import Workspace
from platinfra.catalog.catalog import Catalog
from platinfra.resolve.resolve import Resolved
from platinfra.targets.kubernetes.bundle import Bundle, bundle
from platinfra.targets.kubernetes.place import VERSION, Cloud, place_of
from platinfra.targets.kubernetes.values import Values


@dataclass(frozen=True, slots=True)
class ClusterStack:
    """A resolved stack and what follows from it in a cluster."""

    workspace: Workspace
    catalog: Catalog
    resolved: Resolved
    bundle: Bundle


def bundle_of(
    resolved: Resolved,
    catalog: Catalog,
    *,
    version: str | None = None,
    told: Mapping[str, Mapping[str, Any]] | None = None,
) -> Bundle:
    """
    Return the steps of a resolved stack in its cluster; raise PlatinfraError when a tool has no recipe for one.

    `version` is that of the cluster where it was asked; `told` is what Terraform said in its outputs.
    """
    file, graph = resolved.file, resolved.graph
    cloud = _cloud(resolved, catalog, told)
    planned = file.deployment.kubernetes_version or _version_of(resolved)
    context, digests = file.provider.context, resolved.digests
    place = place_of(graph, file.deployment, version or planned, context, cloud, file.users, digests)
    return bundle(Values(graph, catalog, place))


def _cloud(resolved: Resolved, catalog: Catalog, told: Mapping[str, Mapping[str, Any]] | None) -> Cloud | None:
    if resolved.graph.target != "aws":
        return None
    from platinfra.app.aws.stack import values_of
    from platinfra.targets.aws.cloud import AwsCloud

    return AwsCloud(values_of(resolved, catalog), told)


def _version_of(resolved: Resolved) -> str:
    cluster = resolved.file.deployment.cluster
    return cluster.version if cluster else VERSION
