"""
What a new cluster is told of its nodes and disks: Karpenter's pools, and the class of volumes.

Source: Karpenter's reference of NodePools and NodeClasses, and the parameters of the EBS CSI driver.
"""

from collections.abc import Mapping
from typing import Any

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.facts.aws import instance_types
from platinfra.model.graph import Component
from platinfra.targets.aws import karpenter
from platinfra.targets.aws.place import Place

Object = dict[str, Any]
STORAGE_CLASS = "gp3"
_GPU = "nvidia.com/gpu"
_CLASS = "default"
_EXPIRE = "720h"
"""Nodes are replaced in time, so that they have the fixes of the newest image."""


def storage_class() -> Object:
    """Return the class of volumes that a claim gets when it names none: encrypted, in the zone of its pod."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": STORAGE_CLASS,
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": "ebs.csi.aws.com",
        "parameters": {"type": "gp3", "encrypted": "true"},
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": True,
        "reclaimPolicy": "Delete",
    }


def pools(place: Place, component: Component) -> list[Object]:
    """Return Karpenter's pools and the class of their nodes; raise PlatinfraError where it has neither role nor queue."""
    if place.cluster.name or not place.cluster.karpenter:
        message = f"`{component.name}` needs the role, the queue and the tags of a new cluster"
        hint = "remove it from the stack; in a new cluster use `karpenter: true`"
        raise PlatinfraError(Diagnostic("karpenter-not-prepared", message, hint=hint))
    made = [_node_class(place), _general(place, component.settings)]
    return [*made, _gpu(place)] if place.cluster.gpu else made


def _node_class(place: Place) -> Object:
    found = {"tags": {"karpenter.sh/discovery": place.cluster_name}}
    subnets = [{"id": each} for each in place.network.private_subnets] if place.network.vpc_id else [found]
    disk = {"volumeType": "gp3", "volumeSize": f"{place.cluster.disk}Gi", "encrypted": True}
    spec = {
        "amiSelectorTerms": [{"alias": "al2023@latest"}],
        "role": place.name(karpenter.NODES, limit=64),
        "subnetSelectorTerms": subnets,
        "securityGroupSelectorTerms": [found],
        # One hop: pods do not reach the node's credentials and have to use their own.
        "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1},
        "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {**disk, "deleteOnTermination": True}}],
        "tags": place.tags(),
    }
    return _object("karpenter.k8s.aws/v1", "EC2NodeClass", _CLASS, spec)


def _general(place: Place, settings: Mapping[str, Any]) -> Object:
    known = instance_types()
    architectures = sorted({each for name in place.cluster.instance_types for each in known[name].architectures})
    wanted = {
        "kubernetes.io/arch": [{"x86_64": "amd64"}.get(each, each) for each in architectures],
        "karpenter.sh/capacity-type": ["spot", "on-demand"] if place.cluster.spot else ["on-demand"],
        "karpenter.k8s.aws/instance-category": ["c", "m", "r"],
    }
    newer = {"key": "karpenter.k8s.aws/instance-generation", "operator": "Gt", "values": ["4"]}
    template = {"spec": {**_of_nodes(), "requirements": [*_among(wanted), newer]}}
    spec = {
        "template": template,
        "limits": {"cpu": settings["max_cpus"], "memory": f"{settings['max_memory_gb']}Gi"},
        "disruption": {"consolidationPolicy": "WhenEmptyOrUnderutilized", "consolidateAfter": "5m"},
    }
    return _object("karpenter.sh/v1", "NodePool", "general", spec)


def _gpu(place: Place) -> Object:
    """Return the pool of nodes with GPUs: none while no pod asks for one, and nothing else runs there."""
    gpu = place.cluster.gpu
    assert gpu
    kind = instance_types()[gpu.instance_type]
    wanted = {"node.kubernetes.io/instance-type": [gpu.instance_type], "karpenter.sh/capacity-type": ["on-demand"]}
    taint = {"key": _GPU, "value": "present", "effect": "NoSchedule"}
    template = {
        "metadata": {"labels": {"platinfra/pool": "gpu"}},
        "spec": {**_of_nodes(), "requirements": _among(wanted), "taints": [taint]},
    }
    spec = {
        "template": template,
        "limits": {_GPU: gpu.max * kind.gpus},
        "disruption": {"consolidationPolicy": "WhenEmpty", "consolidateAfter": "10m"},
    }
    return _object("karpenter.sh/v1", "NodePool", "gpu", spec)


def _of_nodes() -> Object:
    reference = {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": _CLASS}
    return {"nodeClassRef": reference, "expireAfter": _EXPIRE}


def _among(wanted: Mapping[str, list[str]]) -> list[Object]:
    return [{"key": key, "operator": "In", "values": values} for key, values in wanted.items()]


def _object(version: str, kind: str, name: str, spec: Object) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec}
