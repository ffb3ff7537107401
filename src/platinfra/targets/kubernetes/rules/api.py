"""Which kinds an API server has, by Kubernetes version, and which of them lie outside namespaces."""

from collections.abc import Mapping

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

_OUTSIDE = frozenset(
    {
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
    }
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
CLUSTER_WIDE = _CUSTOM_CLUSTER_WIDE | {
    "/".join(kind.split("/")[:-2] + kind.split("/")[-1:]) for kind in SINCE if kind.rpartition("/")[2] in _OUTSIDE
}
"""Kinds outside namespaces, without their version, such as `Node` or `rbac.authorization.k8s.io/ClusterRole`."""


def served_kinds(version: str) -> frozenset[str]:
    """Return the built-in kinds (`apps/v1/Deployment`) of a Kubernetes version; a newer one has those of the newest known."""
    wanted = _order_of(version)
    return frozenset(kind for kind, since in SINCE.items() if _order_of(since) <= wanted)


def _order_of(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.removeprefix("v").split(".")[:2] if part.isdigit())
