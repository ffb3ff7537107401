"""Which kinds an API server has, by Kubernetes version."""

from collections.abc import Iterator, Mapping

from platinfra.targets.kubernetes.rules.inventory import Inventory
from platinfra.targets.kubernetes.rules.problem import Problem
from platinfra.targets.kubernetes.rules.resource import Resource

VERSIONS = ("1.33", "1.34", "1.35", "1.36", "1.37")
_KINDS = {
    "v1": (
        "Binding ConfigMap Endpoints Event LimitRange Namespace Node PersistentVolume PersistentVolumeClaim Pod PodTemplate"
        " ReplicationController ResourceQuota Secret Service ServiceAccount"
    ),
    "admissionregistration.k8s.io/v1": (
        "MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration"
    ),
    "apiextensions.k8s.io/v1": "CustomResourceDefinition",
    "apiregistration.k8s.io/v1": "APIService",
    "apps/v1": "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet",
    "autoscaling/v1": "HorizontalPodAutoscaler",
    "autoscaling/v2": "HorizontalPodAutoscaler",
    "batch/v1": "CronJob Job",
    "certificates.k8s.io/v1": "CertificateSigningRequest",
    "coordination.k8s.io/v1": "Lease",
    "discovery.k8s.io/v1": "EndpointSlice",
    "events.k8s.io/v1": "Event",
    "flowcontrol.apiserver.k8s.io/v1": "FlowSchema PriorityLevelConfiguration",
    "networking.k8s.io/v1": "IPAddress Ingress IngressClass NetworkPolicy ServiceCIDR",
    "node.k8s.io/v1": "RuntimeClass",
    "policy/v1": "PodDisruptionBudget",
    "rbac.authorization.k8s.io/v1": "ClusterRole ClusterRoleBinding Role RoleBinding",
    "resource.k8s.io/v1": "DeviceClass DeviceTaintRule ResourceClaim ResourceClaimTemplate ResourceSlice",
    "scheduling.k8s.io/v1": "PriorityClass",
    "storage.k8s.io/v1": "CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment VolumeAttributesClass",
}
_LATER = {
    "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy": "1.36",
    "admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding": "1.36",
    "certificates.k8s.io/v1/ClusterTrustBundle": "1.37",
    "certificates.k8s.io/v1/PodCertificateRequest": "1.37",
    "resource.k8s.io/v1/DeviceClass": "1.34",
    "resource.k8s.io/v1/DeviceTaintRule": "1.37",
    "resource.k8s.io/v1/ResourceClaim": "1.34",
    "resource.k8s.io/v1/ResourceClaimTemplate": "1.34",
    "resource.k8s.io/v1/ResourceSlice": "1.34",
    "storage.k8s.io/v1/VolumeAttributesClass": "1.34",
    "storagemigration.k8s.io/v1/StorageVersionMigration": "1.37",
}
SINCE: Mapping[str, str] = {
    **{f"{api}/{kind}": VERSIONS[0] for api, kinds in _KINDS.items() for kind in kinds.split()},
    **_LATER,
}
"""The stable kinds and the version that has them first. Alpha and beta ones are off unless a cluster turns them on."""
CLUSTER_WIDE = frozenset(
    [
        "Namespace",
        "Node",
        "PersistentVolume",
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "CustomResourceDefinition",
        "APIService",
        "CertificateSigningRequest",
        "ClusterTrustBundle",
        "FlowSchema",
        "PriorityLevelConfiguration",
        "IPAddress",
        "IngressClass",
        "ServiceCIDR",
        "RuntimeClass",
        "ClusterRole",
        "ClusterRoleBinding",
        "DeviceClass",
        "DeviceTaintRule",
        "ResourceSlice",
        "PriorityClass",
        "CSIDriver",
        "CSINode",
        "StorageClass",
        "VolumeAttachment",
        "VolumeAttributesClass",
        "StorageVersionMigration",
    ]
)

_CUSTOM_CLUSTER_WIDE = frozenset(
    {
        "cert-manager.io/ClusterIssuer",
        "external-secrets.io/ClusterExternalSecret",
        "external-secrets.io/ClusterSecretStore",
        "gateway.networking.k8s.io/GatewayClass",
        "karpenter.k8s.aws/EC2NodeClass",
        "karpenter.sh/NodeClaim",
        "karpenter.sh/NodePool",
        "keda.sh/ClusterTriggerAuthentication",
        "nvidia.com/ClusterPolicy",
        "serving.kserve.io/ClusterServingRuntime",
        "serving.kserve.io/ClusterStorageContainer",
    }
)
"""Custom kinds outside namespaces, for where their definition is not among the objects."""


def served(version: str) -> frozenset[str]:
    """Return the built-in kinds (`apps/v1/Deployment`) of a Kubernetes version; a newer one has those of the newest known."""
    wanted = _ordered(version)
    return frozenset(kind for kind, since in SINCE.items() if _ordered(since) <= wanted)


def _ordered(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.removeprefix("v").split(".")[:2] if part.isdigit())


def kinds_exist(inventory: Inventory) -> Iterator[Problem]:
    """Report removed and unknown API versions, and custom kinds that nothing defines."""
    known = served(inventory.known.version) | inventory.known.kinds | set(_defined(inventory))
    for each in inventory.checked:
        if not each.kind or not each.version:
            yield each.problem("incomplete-object", each.root, "has no `apiVersion` or no `kind`", "write both")
        elif each.full_kind not in known and "*" not in known:
            yield _unknown(each, known, inventory.known.version)


def _unknown(resource: Resource, known: frozenset[str], version: str) -> Problem:
    others = sorted(kind.rpartition("/")[0] for kind in known if kind.rpartition("/")[2] == resource.kind)
    api = "/".join(filter(None, (resource.group, resource.version)))
    if since := SINCE.get(resource.full_kind):
        hint = f"Kubernetes {since} is the first that has it"
    elif others:
        hint = f"write `apiVersion: {others[-1]}`"
    else:
        hint = "install the release that brings its CustomResourceDefinition first"
    message = f'no matches for kind "{resource.kind}" in version "{api}" on Kubernetes {version}'
    return resource.problem("unknown-kind", resource.at("apiVersion"), message, hint)


def _defined(inventory: Inventory) -> Iterator[str]:
    for each in inventory.all("apiextensions.k8s.io/CustomResourceDefinition"):
        spec = each.at("spec")
        for version in spec.at("versions").each():
            if version.at("served").value is not False:
                yield f"{spec.at('group').text}/{version.at('name').text}/{spec.at('names', 'kind').text}"


def is_cluster_wide(resource: Resource, inventory: Inventory) -> bool | None:
    """Tell whether a kind lies outside namespaces; None when nothing says so."""
    if resource.full_kind in SINCE:
        return resource.kind in CLUSTER_WIDE
    for each in inventory.all("apiextensions.k8s.io/CustomResourceDefinition"):
        spec = each.at("spec")
        if (spec.at("group").text, spec.at("names", "kind").text) == (resource.group, resource.kind):
            return spec.at("scope").text == "Cluster"
    return True if resource.key in _CUSTOM_CLUSTER_WIDE else None
