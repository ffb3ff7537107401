"""Each rule lets good objects pass and catches what breaks it, at the right place."""

from typing import Any

import pytest
from tests.targets.kubernetes.rules.good import ABSENT, KNOWN, OBJECTS, changed

from platinfra.targets.kubernetes.rules import check

WEB, QUEUE, SWEEP = "Deployment ml/mlflow", "StatefulSet ml/queue", "CronJob ml/sweep"
SERVICE, ROUTE, INGRESS, POLICY = (
    "Service ml/mlflow",
    "HTTPRoute ml/mlflow",
    "Ingress ml/mlflow",
    "NetworkPolicy ml/mlflow",
)
POD = "spec.template.spec"
SERVER = f"{POD}.containers[0]"
SWEEPER = "spec.jobTemplate.spec.template.spec"
LABEL = '["app.kubernetes.io/name"]'

Row = tuple[str, str, Any, str]
VALUES: list[Row] = [
    # The object, the place that is changed, what is written there, and the rule that says so (`at` another place).
    (WEB, "apiVersion", "apps/v1beta1", "unknown-kind"),
    ("PodDisruptionBudget ml/mlflow", "apiVersion", "policy/v1beta1", "unknown-kind"),
    ("Cluster ml/database", "apiVersion", "postgresql.cnpg.io/v2", "unknown-kind"),
    (WEB, "metadata.namespace", ABSENT, "missing-namespace"),
    ("ConfigMap ml/settings", "metadata.namespace", "elsewhere", "unknown-namespace"),
    (WEB, "metadata.name", "Bad_Name!", "invalid-name"),
    (WEB, "metadata.name", ABSENT, "invalid-name"),
    (WEB, "metadata.name", "a" * 254, "invalid-name"),
    (SERVICE, "metadata.name", "1-service", "invalid-name"),
    (SERVICE, "metadata.name", "a.b", "invalid-name"),
    (SERVICE, "metadata.name", "a" * 64, "invalid-name"),
    (SWEEP, "metadata.name", "a" * 53, "invalid-name"),
    (QUEUE, "metadata.name", "a" * 53, "invalid-name"),
    ("ConfigMap ml/settings", f"data.{'a' * 254}", "x", "invalid-name"),
    ("Namespace ml", "metadata.name", "a.b", "invalid-name"),
    ("Role ml/sweeper:pods", "metadata.name", "a/b", "invalid-name"),
    ("CustomResourceDefinition clusters.postgresql.cnpg.io", "metadata.name", "clusters.cnpg.io", "invalid-name"),
    ("ConfigMap ml/settings", 'data["a/b"]', "x", "invalid-name"),
    (WEB, f"{SERVER}.name", "Server", "invalid-name"),
    (WEB, f"{SERVER}.env[0].name", "A=B", "invalid-name"),
    (WEB, f"{POD}.volumes[1].name", "temp_folder", "invalid-name"),
    (WEB, f"{SERVER}.name", "migrate", f"duplicate-name at {POD}.initContainers[0].name"),
    (WEB, f"{POD}.initContainers[0].name", "server", "duplicate-name"),
    (WEB, f"{SERVER}.env[1].name", "PASSWORD", "duplicate-name"),
    (WEB, f"{POD}.volumes[1].name", "data", "duplicate-name"),
    (WEB, 'metadata.labels["x-."]', "y", "invalid-label"),
    (WEB, 'metadata.labels["EXAMPLE.com/x"]', "y", "invalid-label"),
    (WEB, "metadata.labels.x", "not a value", "invalid-label"),
    (WEB, "metadata.labels.x", "a" * 64, "invalid-label"),
    (WEB, "metadata.labels.x", True, "invalid-label"),
    (WEB, 'spec.template.metadata.labels["a b"]', "y", "invalid-label"),
    (WEB, f"{POD}.nodeSelector.zone", "a/b", "invalid-label"),
    (SERVICE, 'metadata.annotations["a/b/c"]', "y", "invalid-annotation"),
    (WEB, "metadata.annotations.x", 8, "invalid-annotation"),
    (WEB, "spec.template.metadata.annotations.x", 8, "invalid-annotation"),
    (WEB, f"metadata.labels.{'a' * 64}", "y", "invalid-label"),
    (WEB, f'metadata.labels["{"a" * 254}/x"]', "y", "invalid-label"),
    (POLICY, 'spec.podSelector.matchLabels["a b"]', "y", "invalid-label"),
    (SERVICE, 'spec.selector["a b"]', "y", "invalid-label"),
    (WEB, "metadata.annotations", {"x": "y" * 262144}, "invalid-annotation"),
    (WEB, "spec.selector", ABSENT, "missing-selector"),
    (WEB, "spec.selector.matchLabels", {}, "missing-selector at spec.selector"),
    (WEB, "spec.selector.matchLabels.tier", "worker", "selector-mismatch at spec.selector"),
    (QUEUE, "spec.selector.matchExpressions[0].operator", "Is", "invalid-choice at spec.selector.matchExpressions[0]"),
    (QUEUE, "spec.selector.matchExpressions[0].values", [], "invalid-choice at spec.selector.matchExpressions[0]"),
    (WEB, f"{SERVER}.ports[0].containerPort", 99999, "invalid-port"),
    (WEB, f"{SERVER}.ports[1].containerPort", 0, "invalid-port"),
    (WEB, f"{SERVER}.ports[1].hostPort", 65536, "invalid-port"),
    (WEB, f"{SERVER}.ports[1].name", "a-very-long-name", "invalid-port"),
    (WEB, f"{SERVER}.ports[1].name", "1234", "invalid-port"),
    (WEB, f"{SERVER}.ports[1].name", "http", "duplicate-port"),
    (WEB, f"{SERVER}.ports[1].containerPort", 5000, "duplicate-port"),
    (WEB, f"{SERVER}.livenessProbe.httpGet.port", "https", "unknown-port"),
    (WEB, f"{SERVER}.readinessProbe.tcpSocket.port", 70000, "invalid-port"),
    (SERVICE, "spec.ports[0].port", 0, "invalid-port"),
    (SERVICE, "spec.ports[0].nodePort", 80, "invalid-port"),
    (SERVICE, "spec.ports[0].name", ABSENT, "invalid-port"),
    (SERVICE, "spec.ports[1].name", "http", "duplicate-port"),
    (SERVICE, "spec.ports[1].port", 80, "duplicate-port"),
    (SERVICE, "spec.ports", [], "invalid-port"),
    (SERVICE, "spec.ports[0].targetPort", 70000, "invalid-port"),
    (SERVICE, "spec.ports[0].targetPort", "no--name", "invalid-port"),
    (POLICY, "spec.ingress[0].ports[1].endPort", 70000, "invalid-port"),
    (POLICY, "spec.ingress[0].ports[0].port", "HTTP", "invalid-port"),
    (POLICY, "spec.ingress[0].ports[1].port", 99999, "invalid-port"),
    (POLICY, "spec.ingress[0].ports[1].endPort", 7999, "invalid-port"),
    (SERVICE, "spec.ports[0].protocol", "TCPX", "invalid-choice"),
    (SERVICE, "spec.type", "Foo", "invalid-choice"),
    (WEB, f"{SERVER}.imagePullPolicy", "Sometimes", "invalid-choice"),
    (WEB, f"{SERVER}.ports[0].protocol", "tcp", "invalid-choice"),
    (WEB, f"{POD}.restartPolicy", "Never", "invalid-choice"),
    (WEB, f"{POD}.dnsPolicy", "Cluster", "invalid-choice"),
    (WEB, f"{POD}.tolerations[0].operator", "Is", "invalid-choice"),
    (SWEEP, f"{SWEEPER}.restartPolicy", "Always", "invalid-choice"),
    (SWEEP, f"{SWEEPER}.restartPolicy", ABSENT, "invalid-choice"),
    (SWEEP, "spec.concurrencyPolicy", "Deny", "invalid-choice"),
    (POLICY, "spec.policyTypes[0]", "ingress", "invalid-choice"),
    (INGRESS, "spec.rules[0].http.paths[0].pathType", "Regex", "invalid-choice"),
    (ROUTE, "spec.rules[0].matches[0].path.type", "Prefix", "invalid-choice"),
    ("PersistentVolumeClaim ml/scratch", "spec.accessModes[0]", "RWO", "invalid-choice"),
    ("RoleBinding ml/sweeper", "subjects[1].kind", "Team", "invalid-choice"),
    ("StorageClass gp3", "reclaimPolicy", "Recycle", "invalid-choice"),
    (WEB, f"{SERVER}.resources.requests.memory", "12Zi", "invalid-quantity"),
    (WEB, f"{SERVER}.resources.requests.cpu", "-1", "invalid-quantity"),
    (WEB, f"{SERVER}.resources.requests.cpu", "0.0001", "invalid-quantity"),
    (WEB, f"{SERVER}.resources.requests.ram", "1Gi", "invalid-choice"),
    (WEB, f"{SERVER}.resources.requests.memory", "2Gi", "request-above-limit"),
    (WEB, f'{SERVER}.resources.requests["nvidia.com/gpu"]', 0, "request-above-limit"),
    (WEB, f'{SERVER}.resources.requests["amd.com/gpu"]', 1, "request-above-limit"),
    (WEB, f"{POD}.volumes[1].emptyDir.sizeLimit", "64 Mi", "invalid-quantity"),
    ("PersistentVolumeClaim ml/scratch", "spec.resources.requests.storage", "ten", "invalid-quantity"),
    ("PersistentVolumeClaim ml/scratch", "spec.resources.requests.storage", "0", "invalid-quantity"),
    (QUEUE, "spec.volumeClaimTemplates[0].spec.resources.requests.storage", "1GiB", "invalid-quantity"),
    ("Cluster ml/database", "spec.storage.size", "1 Gi", "invalid-quantity"),
    ("ConfigMap ml/settings", "data.LEVEL", 8, "invalid-data"),
    ("ConfigMap ml/settings", "data.LEVEL", "x" * 1048576, "invalid-data at data"),
    ("Secret ml/registry", 'data[".dockerconfigjson"]', "not base64!", "invalid-data"),
    (WEB, f"{SERVER}.volumeMounts[0].name", "date", "unknown-volume"),
    (QUEUE, f"{SERVER}.volumeMounts[0].name", "stone", "unknown-volume"),
    (WEB, f"{SERVER}.volumeMounts[1].mountPath", "/data", "duplicate-mount"),
    (WEB, f"{SERVER}.volumeMounts[1].mountPath", "a:b", "invalid-volume"),
    (WEB, f"{SERVER}.volumeMounts[1].subPath", "../x", "invalid-volume"),
    (WEB, f"{POD}.volumes[1].hostPath", {"path": "/"}, f"invalid-volume at {POD}.volumes[1]"),
    (WEB, f"{SERVER}.env[0].valueFrom.secretKeyRef.name", "databse", "missing-secret"),
    (WEB, f"{SERVER}.env[0].valueFrom.secretKeyRef.key", "pasword", "missing-key"),
    (WEB, f"{SERVER}.env[1].valueFrom.configMapKeyRef.name", "setings", "missing-config-map"),
    (WEB, f"{SERVER}.env[1].valueFrom.configMapKeyRef.key", "level", "missing-key"),
    (WEB, f"{SERVER}.envFrom[0].configMapRef.name", "nothing", "missing-config-map"),
    (WEB, f"{POD}.volumes[2].projected.sources[0].configMap.name", "nothing", "missing-config-map"),
    (WEB, f"{POD}.volumes[2].projected.sources[0].configMap.items[0].key", "nothing", "missing-key"),
    (WEB, f"{POD}.volumes[2].projected.sources[1].secret.name", "nothing", "missing-secret"),
    (WEB, f"{POD}.imagePullSecrets[0].name", "nothing", "missing-secret"),
    (WEB, f"{POD}.volumes[0].persistentVolumeClaim.claimName", "nothing", "missing-volume-claim"),
    (WEB, f"{POD}.serviceAccountName", "nothing", "missing-service-account"),
    (WEB, f"{POD}.priorityClassName", "nothing", "missing-priority-class"),
    (WEB, f"{POD}.runtimeClassName", "nothing", "missing-runtime-class"),
    ("ServiceAccount ml/mlflow", "imagePullSecrets[0].name", "nothing", "missing-secret"),
    ("PersistentVolumeClaim ml/scratch", "spec.storageClassName", "gp2", "missing-storage-class"),
    (QUEUE, "spec.volumeClaimTemplates[0].spec.storageClassName", "gp2", "missing-storage-class"),
    (QUEUE, "spec.serviceName", "queues", "missing-service"),
    ("Gateway ml/public", "spec.listeners[0].tls.certificateRefs[0].name", "nothing", "missing-secret"),
    ("Cluster ml/database", "spec.bootstrap.initdb.secret.name", "nothing", "missing-secret"),
    ("RoleBinding ml/sweeper", "roleRef.name", "nothing", "missing-role"),
    ("ClusterRoleBinding viewers", "roleRef.name", "nothing", "missing-role"),
    ("RoleBinding ml/sweeper", "subjects[0].name", "nobody", "missing-subject"),
    ("RoleBinding ml/sweeper", "subjects[0].namespace", ABSENT, "missing-subject"),
    ("HorizontalPodAutoscaler ml/mlflow", "spec.scaleTargetRef.name", "nothing", "missing-scale-target"),
    ("HorizontalPodAutoscaler ml/mlflow", "spec.minReplicas", 4, "invalid-bounds"),
    ("ScaledObject ml/queue", "spec.scaleTargetRef.name", "queues", "missing-scale-target"),
    ("ScaledObject ml/queue", "spec.minReplicaCount", 4, "invalid-bounds"),
    ("PodDisruptionBudget ml/mlflow", "spec.minAvailable", 1, "invalid-bounds at spec.maxUnavailable"),
    ("PodDisruptionBudget ml/mlflow", "spec.selector", {"matchLabels": {"app": "x"}}, "no-matching-pod"),
    (SERVICE, "spec.selector", {"app": "x"}, "no-matching-pod"),
    (SERVICE, "spec.ports[0].targetPort", "web", "unknown-port"),
    (SERVICE, "spec.ports[1].targetPort", 9091, "unknown-port"),
    (POLICY, "spec.podSelector", {"matchLabels": {"app": "x"}}, "no-matching-pod"),
    (POLICY, "spec.ingress[0].from[1].podSelector", {"matchLabels": {"app": "x"}}, "no-matching-pod"),
    (POLICY, "spec.egress[0].to[0].namespaceSelector", {"matchLabels": {"team": "x"}}, "no-matching-pod"),
    ("ServiceMonitor ml/mlflow", "spec.selector", {"matchLabels": {"app": "x"}}, "no-matching-service"),
    ("ServiceMonitor ml/mlflow", "spec.endpoints[0].port", "9090", "unknown-port"),
    (
        "ServiceMonitor ml/mlflow",
        "spec.namespaceSelector",
        {"matchNames": ["default"]},
        "no-matching-service at spec.selector",
    ),
    ("PodMonitor ml/database", "spec.selector", {"matchLabels": {"cnpg.io/cluster": "x"}}, "no-matching-pod"),
    ("PodMonitor ml/database", "spec.podMetricsEndpoints[0].port", "metric", "unknown-port"),
    (INGRESS, "spec.rules[0].http.paths[0].backend.service.name", "mlflw", "missing-service"),
    (INGRESS, "spec.rules[0].http.paths[0].backend.service.port.name", "web", "missing-service-port"),
    (INGRESS, "spec.rules[0].http.paths[1].backend.service.port.number", 8080, "missing-service-port"),
    (
        INGRESS,
        "spec.defaultBackend",
        {"service": {"name": "x", "port": {"number": 1}}},
        "missing-service at spec.defaultBackend.service.name",
    ),
    (ROUTE, "spec.rules[0].backendRefs[0].name", "mlflw", "missing-service"),
    (ROUTE, "spec.rules[0].backendRefs[0].port", 8080, "missing-service-port"),
    (ROUTE, "spec.rules[0].backendRefs[0].port", ABSENT, "missing-service-port"),
    (ROUTE, "spec.parentRefs[0].name", "private", "missing-gateway"),
    (ROUTE, "spec.parentRefs[0].sectionName", "http", "missing-gateway"),
    (ROUTE, "spec.parentRefs", [], "missing-gateway"),
    (ROUTE, "spec.rules[1].matches[0].path.value", "/api/", "duplicate-route at spec.rules[1].matches[0]"),
    (INGRESS, "spec.rules[0].http.paths[1]", lambda _: _path("/"), "duplicate-route"),
]


def _path(path: str) -> dict[str, Any]:
    return {"path": path, "pathType": "Prefix", "backend": {"service": {"name": "mlflow", "port": {"name": "http"}}}}


def test_good_objects_break_no_rule() -> None:
    assert check(OBJECTS, known=KNOWN) == []


@pytest.mark.parametrize(
    ("which", "path", "value"),
    [
        (WEB, f"{POD}.volumes[1].emptyDir.medium", ""),
        (WEB, f"{POD}.volumes[1].emptyDir.medium", "HugePages-2Mi"),
        (WEB, f"{POD}.volumes[1]", {"name": "temporary", "hostPath": {"path": "/tmp", "type": ""}}),
        (WEB, f"{POD}.tolerations[0].effect", ""),
        (WEB, f"{SERVER}.volumeMounts[1].subPathExpr", "$(LEVEL)"),
        (WEB, f"{SERVER}.ports[1]", {"name": "metrics", "containerPort": 9090, "protocol": "SCTP", "hostPort": 9090}),
        (WEB, f'{SERVER}.resources.limits["example.com/licence"]', 1),
        ("Service ml/queue", "spec.ports[0].port", 65535),
        (SERVICE, "spec.type", "LoadBalancer"),
        (SERVICE, "spec.ports[0].nodePort", 32767),
        (SERVICE, "spec.selector", ABSENT),
        (POLICY, "spec.podSelector", {}),
        (POLICY, "spec.ingress", [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]),
        (INGRESS, "spec.tls[0].secretName", ABSENT),
        (ROUTE, "spec.rules[0].filters", [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}]),
        (ROUTE, "spec.rules[0].matches[0].method", "GET"),
        (ROUTE, "spec.rules[1].matches[0].path.value", "/other"),
        (QUEUE, "spec.volumeClaimTemplates[0].spec.storageClassName", ""),
        (WEB, f"{POD}.serviceAccountName", ABSENT),
    ],
    ids=lambda each: str(each)[:60],
)
def test_a_rule_lets_pass_what_a_server_takes(which: str, path: str, value: Any) -> None:
    assert check(changed(which, path, value), known=KNOWN) == []


@pytest.mark.parametrize(
    ("which", "path", "value", "rule"), VALUES, ids=lambda each: "computed" if callable(each) else str(each)[:60]
)
def test_a_rule_catches_what_breaks_it(which: str, path: str, value: Any, rule: str) -> None:
    name, _, place = rule.partition(" at ")
    found = check(changed(which, path, value), known=KNOWN)
    kinds = {each.object.partition(" ")[0] for each in found if (each.rule, each.path) == (name, place or path)}
    assert kinds == {which.partition(" ")[0]}
    assert all(each.message and each.hint for each in found)
