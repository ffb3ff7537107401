"""What a new cluster is told of its nodes and disks: Karpenter's pools, and the class of volumes."""

from collections.abc import Mapping
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


def storage_class() -> Object:
    """Return the class of volumes that a claim gets when it names none: encrypted, in the zone of its pod."""
    return dict(beside(__file__)["storage_class"])


def pools(place: AwsPlace, component: Component) -> list[Object]:
    """Return Karpenter's pools and the class of their nodes; raise PlatinfraError where it has neither role nor queue."""
    if place.cluster.name or not place.cluster.karpenter:
        message = f"`{component.name}` needs the role, the queue and the tags of a new cluster"
        hint = "remove it from the stack; in a new cluster use `karpenter: true`"
        raise PlatinfraError(Diagnostic("karpenter-not-prepared", message, hint=hint))
    known = {**_of_nodes(place), **component.settings}
    names = ("node_class", "general", *(["gpu"] if place.cluster.gpu else []))
    return [fill(beside(__file__)[name], lambda reference: known[reference.path[0]]) for name in names]


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
