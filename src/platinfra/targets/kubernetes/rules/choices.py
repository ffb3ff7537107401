"""Fields that take one of a few words. Source: Kubernetes' API reference."""

from collections.abc import Iterator, Mapping

from platinfra.diagnostics import did_you_mean
from platinfra.targets.kubernetes.rules.inventory import Inventory
from platinfra.targets.kubernetes.rules.place import Place
from platinfra.targets.kubernetes.rules.pods import CONTAINERS, SHORT_LIVED, Template
from platinfra.targets.kubernetes.rules.problem import Problem
from platinfra.targets.kubernetes.rules.resource import Resource

Rows = Mapping[str, str]

_PROTOCOL = "TCP UDP SCTP"
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_CONTAINER: Rows = {
    "imagePullPolicy": "Always IfNotPresent Never",
    "terminationMessagePolicy": "File FallbackToLogsOnError",
    "ports * protocol": _PROTOCOL,
    "securityContext seccompProfile type": "RuntimeDefault Localhost Unconfined",
    "securityContext appArmorProfile type": "RuntimeDefault Localhost Unconfined",
    **{f"{probe} httpGet scheme": "HTTP HTTPS" for probe in _PROBES},
}
_POD: Rows = {
    "restartPolicy": "Always OnFailure Never",
    "dnsPolicy": "ClusterFirst ClusterFirstWithHostNet Default None",
    "preemptionPolicy": "PreemptLowerPriority Never",
    "tolerations * operator": "Exists Equal",
    "tolerations * effect": "NoSchedule PreferNoSchedule NoExecute",
    "topologySpreadConstraints * whenUnsatisfiable": "DoNotSchedule ScheduleAnyway",
    "securityContext seccompProfile type": "RuntimeDefault Localhost Unconfined",
    "securityContext fsGroupChangePolicy": "OnRootMismatch Always",
    "volumes * hostPath type": "DirectoryOrCreate Directory FileOrCreate File Socket CharDevice BlockDevice",
    "volumes * emptyDir medium": "Memory HugePages",
    "os name": "linux windows",
    **{f"{kind} * {row}": words for kind in CONTAINERS for row, words in _CONTAINER.items()},
}
_CLAIM: Rows = {
    "accessModes *": "ReadWriteOnce ReadOnlyMany ReadWriteMany ReadWriteOncePod",
    "volumeMode": "Filesystem Block",
}
_PORT_RULES: Rows = {f"{way} * ports * protocol": _PROTOCOL for way in ("ingress", "egress")}
_SPEC: Mapping[str, Rows] = {
    "Service": {
        "type": "ClusterIP NodePort LoadBalancer ExternalName",
        "sessionAffinity": "ClientIP None",
        "externalTrafficPolicy": "Cluster Local",
        "internalTrafficPolicy": "Cluster Local",
        "ipFamilyPolicy": "SingleStack PreferDualStack RequireDualStack",
        "ipFamilies *": "IPv4 IPv6",
        "ports * protocol": _PROTOCOL,
    },
    "apps/Deployment": {"strategy type": "RollingUpdate Recreate"},
    "apps/StatefulSet": {
        "updateStrategy type": "RollingUpdate OnDelete",
        "podManagementPolicy": "OrderedReady Parallel",
        "persistentVolumeClaimRetentionPolicy *": "Retain Delete",
        **{f"volumeClaimTemplates * spec {row}": words for row, words in _CLAIM.items()},
    },
    "apps/DaemonSet": {"updateStrategy type": "RollingUpdate OnDelete"},
    "batch/CronJob": {"concurrencyPolicy": "Allow Forbid Replace"},
    "batch/Job": {"completionMode": "NonIndexed Indexed", "podReplacementPolicy": "TerminatingOrFailed Failed"},
    "PersistentVolumeClaim": _CLAIM,
    "PersistentVolume": {**_CLAIM, "persistentVolumeReclaimPolicy": "Retain Delete Recycle"},
    "networking.k8s.io/NetworkPolicy": {"policyTypes *": "Ingress Egress", **_PORT_RULES},
    "networking.k8s.io/Ingress": {"rules * http paths * pathType": "Exact Prefix ImplementationSpecific"},
    "policy/PodDisruptionBudget": {"unhealthyPodEvictionPolicy": "IfHealthyBudget AlwaysAllow"},
    "autoscaling/HorizontalPodAutoscaler": {
        "metrics * type": "Resource Pods Object External ContainerResource",
        "metrics * * target type": "Utilization Value AverageValue",
    },
    "gateway.networking.k8s.io/HTTPRoute": {
        "rules * matches * path type": "Exact PathPrefix RegularExpression",
        "rules * filters * type": (
            "RequestHeaderModifier ResponseHeaderModifier RequestMirror RequestRedirect URLRewrite ExtensionRef CORS ExternalAuth"
        ),
    },
    "gateway.networking.k8s.io/Gateway": {
        "listeners * allowedRoutes namespaces from": "All Same Selector None",
        "listeners * tls mode": "Terminate Passthrough",
    },
}
_TOP: Mapping[str, Rows] = {
    "storage.k8s.io/StorageClass": {
        "reclaimPolicy": "Retain Delete",
        "volumeBindingMode": "Immediate WaitForFirstConsumer",
    },
    "scheduling.k8s.io/PriorityClass": {"preemptionPolicy": "PreemptLowerPriority Never"},
    **{
        f"rbac.authorization.k8s.io/{kind}": {"subjects * kind": "ServiceAccount User Group", "roleRef kind": roles}
        for kind, roles in (("RoleBinding", "Role ClusterRole"), ("ClusterRoleBinding", "ClusterRole"))
    },
}


def choices_are_valid(inventory: Inventory) -> Iterator[Problem]:
    """Report words that a field does not take: a protocol, a type of Service, a policy."""
    for each in inventory.checked:
        yield from _check_choices(each, each.at("spec"), _SPEC.get(each.key, {}))
        yield from _check_choices(each, each.root, _TOP.get(each.key, {}))
    for template in inventory.templates():
        yield from _check_choices(template.owner, template.spec, _POD)
        yield from _restart(template)


def _check_choices(resource: Resource, start: Place, rows: Rows) -> Iterator[Problem]:
    for pattern, words in rows.items():
        for place in start.find(*pattern.split()):
            if place.value not in words.split() and not _means_default(place):
                hint = did_you_mean(str(place.value), words.split()) or f"one of {', '.join(words.split())}"
                message = f"`{place.value}` is not one of {', '.join(words.split())}"
                yield resource.problem("invalid-choice", place, message, hint)


def _means_default(place: Place) -> bool:
    """Let pass an empty string where it is the default, and huge pages, which name their size."""
    name = place.path.rpartition(".")[2]
    return name in {"medium", "type", "effect"} and (place.value == "" or place.text.startswith("HugePages-"))


def _restart(template: Template) -> Iterator[Problem]:
    place, kind = template.spec.at("restartPolicy"), template.owner.kind
    if template.owner.key in SHORT_LIVED:
        if place.text not in {"OnFailure", "Never"}:
            message = f"a {kind} does not take `restartPolicy: {place.text or 'Always'}`"
            yield template.owner.problem("invalid-choice", place, message, "OnFailure or Never")
    elif template.owner.key.startswith("apps/") and place.text in {"OnFailure", "Never"}:
        message = f"a {kind} does not take `restartPolicy: {place.text}`"
        yield template.owner.problem("invalid-choice", place, message, "Always, or a Job")
