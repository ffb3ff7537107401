"""The kinds that the server knows: those of Kubernetes itself, and those of the definitions that were posted."""

from dataclasses import dataclass
from typing import Any

_TABLE = """
v1 Namespace namespaces cluster ns
v1 Node nodes cluster no
v1 PersistentVolume persistentvolumes cluster pv
v1 Pod pods namespaced po
v1 Service services namespaced svc
v1 Endpoints endpoints namespaced ep
v1 ConfigMap configmaps namespaced cm
v1 Secret secrets namespaced -
v1 ServiceAccount serviceaccounts namespaced sa
v1 PersistentVolumeClaim persistentvolumeclaims namespaced pvc
v1 Event events namespaced ev
v1 LimitRange limitranges namespaced limits
v1 ResourceQuota resourcequotas namespaced quota
v1 ReplicationController replicationcontrollers namespaced rc
apps/v1 Deployment deployments namespaced deploy
apps/v1 StatefulSet statefulsets namespaced sts
apps/v1 DaemonSet daemonsets namespaced ds
apps/v1 ReplicaSet replicasets namespaced rs
apps/v1 ControllerRevision controllerrevisions namespaced -
batch/v1 Job jobs namespaced -
batch/v1 CronJob cronjobs namespaced cj
autoscaling/v2 HorizontalPodAutoscaler horizontalpodautoscalers namespaced hpa
autoscaling/v1 HorizontalPodAutoscaler horizontalpodautoscalers namespaced hpa
policy/v1 PodDisruptionBudget poddisruptionbudgets namespaced pdb
networking.k8s.io/v1 Ingress ingresses namespaced ing
networking.k8s.io/v1 IngressClass ingressclasses cluster -
networking.k8s.io/v1 NetworkPolicy networkpolicies namespaced netpol
rbac.authorization.k8s.io/v1 Role roles namespaced -
rbac.authorization.k8s.io/v1 RoleBinding rolebindings namespaced -
rbac.authorization.k8s.io/v1 ClusterRole clusterroles cluster -
rbac.authorization.k8s.io/v1 ClusterRoleBinding clusterrolebindings cluster -
storage.k8s.io/v1 StorageClass storageclasses cluster sc
scheduling.k8s.io/v1 PriorityClass priorityclasses cluster pc
coordination.k8s.io/v1 Lease leases namespaced -
discovery.k8s.io/v1 EndpointSlice endpointslices namespaced -
apiextensions.k8s.io/v1 CustomResourceDefinition customresourcedefinitions cluster crd
apiregistration.k8s.io/v1 APIService apiservices cluster -
admissionregistration.k8s.io/v1 MutatingWebhookConfiguration mutatingwebhookconfigurations cluster -
admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration validatingwebhookconfigurations cluster -
authorization.k8s.io/v1 SelfSubjectAccessReview selfsubjectaccessreviews cluster -
"""
_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]


@dataclass(frozen=True)
class Kind:
    """One kind in one version; the server keeps the objects of all versions of a group together."""

    api_version: str
    name: str
    plural: str
    namespaced: bool
    short: tuple[str, ...] = ()
    schema: Any = None
    """The structural schema of a custom resource."""
    custom: bool = False

    @property
    def group(self) -> str:
        return self.api_version.rpartition("/")[0]

    @property
    def version(self) -> str:
        return self.api_version.rpartition("/")[2]

    @property
    def family(self) -> tuple[str, str]:
        return self.group, self.plural

    def discovered(self) -> dict[str, Any]:
        """Return an entry of an APIResourceList."""
        return {
            "name": self.plural,
            "singularName": self.name.lower(),
            "namespaced": self.namespaced,
            "kind": self.name,
            "verbs": _VERBS,
            "shortNames": list(self.short),
        }

    def aggregated(self) -> dict[str, Any]:
        """Return an entry of an APIGroupDiscoveryList."""
        return {
            "resource": self.plural,
            "responseKind": {"group": self.group, "version": self.version, "kind": self.name},
            "scope": "Namespaced" if self.namespaced else "Cluster",
            "singularResource": self.name.lower(),
            "verbs": _VERBS,
            "shortNames": list(self.short),
        }


def built_in() -> list[Kind]:
    """Return the kinds of Kubernetes itself, as far as charts use them."""
    rows = [line.split() for line in _TABLE.strip().splitlines()]
    return [
        Kind(version, name, plural, scope == "namespaced", () if short == "-" else (short,))
        for version, name, plural, scope, short in rows
    ]


def defined(definition: dict[str, Any]) -> list[Kind]:
    """Return the kinds that a CustomResourceDefinition makes known."""
    spec, names = definition["spec"], definition["spec"]["names"]
    return [
        Kind(
            f"{spec['group']}/{version['name']}",
            names["kind"],
            names["plural"],
            spec["scope"] == "Namespaced",
            tuple(names.get("shortNames", ())),
            version.get("schema", {}).get("openAPIV3Schema"),
            custom=True,
        )
        for version in spec["versions"]
        if version.get("served")
    ]
