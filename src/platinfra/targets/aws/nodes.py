"""What a new cluster is told of its nodes and disks: pools of nodes, and classes of volumes."""

from collections.abc import Iterator, Mapping
from typing import Any

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.facts.aws import instance_types
from platinfra.facts.table import beside
from platinfra.model.graph import Component
from platinfra.model.template import fill
from platinfra.targets.aws import karpenter
from platinfra.targets.aws.place import AwsPlace

Object = dict[str, Any]
STORAGE_CLASS = "gp3"
KARPENTER = "karpenter"
AUTO_DISKS = "ebs.csi.eks.amazonaws.com"
"""What makes volumes with EKS Auto Mode. Source: EKS user guide, "Create a Storage Class"."""


def of_cluster(place: AwsPlace, files: Any) -> Iterator[Object]:
    """
    Yield what a new cluster is told itself: its classes of volumes, and with EKS Auto Mode what EKS leaves to others.

    `files` is the id of the file system that pods share, where there is one.
    """
    table = beside(__file__)
    if place.cluster.shared_files:
        yield _fill("shared_class", {"files": files})
    if place.deployment.storage_class in {None, STORAGE_CLASS}:
        found = dict(table["storage_class"])
        yield {**found, "provisioner": AUTO_DISKS} if place.cluster.is_auto else found
    if place.cluster.is_auto:
        yield dict(table["auto_network"])
        if place.cluster.gpu:
            yield _fill("auto_gpu", _of_nodes(place))


def of_autoscaler(place: AwsPlace, component: Component) -> list[Object]:
    """
    Return what a component that adds nodes is told; raise PlatinfraError where nothing was prepared for it.

    Karpenter gets its pools and the class of their nodes; Cluster Autoscaler finds the groups by their tags.
    """
    if place.cluster.name or place.cluster.autoscaler != component.tool:
        message = f"`{component.name}` needs the role and the tags of a new cluster"
        hint = f"remove it from the stack; in a new cluster use `autoscaler: {component.tool}`"
        raise PlatinfraError(Diagnostic("autoscaler-not-prepared", message, hint=hint))
    if component.tool != KARPENTER:
        return []
    known = {**_of_nodes(place), **component.settings}
    return [_fill(name, known) for name in ("node_class", "general", *(["gpu"] if place.cluster.gpu else []))]


def _fill(name: str, known: Mapping[str, Any]) -> Object:
    found: Object = fill(beside(__file__)[name], lambda reference: known[reference.path[0]])
    return found


def _of_nodes(place: AwsPlace) -> Mapping[str, Any]:
    """Return what the templates of the nodes mention."""
    types, cluster = instance_types(), place.cluster
    architectures = sorted({each for name in cluster.instance_types for each in types[name].architectures})
    discovery = {"tags": {"karpenter.sh/discovery": place.cluster_name}}
    return {
        "role": place.name(karpenter.NODES, limit=64),
        "discovery": discovery,
        "subnets": [{"id": each} for each in place.network.private_subnets] if place.network.vpc_id else [discovery],
        "disk": cluster.disk,
        "tags": place.tags(),
        "architectures": [{"x86_64": "amd64"}.get(each, each) for each in architectures],
        "capacity": ["spot", "on-demand"] if cluster.spot else ["on-demand"],
        "gpu_type": cluster.gpu.instance_type if cluster.gpu else None,
        "gpus": cluster.gpu.max * types[cluster.gpu.instance_type].gpus if cluster.gpu else None,
    }
