"""
What a real server makes of an object before it keeps it: it fills in defaults, and leaves out what is zero.

Seen on an API server 1.36 with real charts: fields of Go's structures that are `omitempty` are gone when they are false,
zero or empty; https://kubernetes.io/docs/reference/kubernetes-api has the defaults.
"""

from collections.abc import Callable, Mapping
from typing import Any

from .kinds import Kind

_ZERO = (
    "publishNotReadyAddresses",
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "readOnly",
    "initialDelaySeconds",
    "minReadySeconds",
    "stdin",
    "tty",
    "suspend",
)
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_CONTAINER = {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "resources": {}}
_POD = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "securityContext": {},
    "schedulerName": "default-scheduler",
}
_DEPLOYMENT = {"progressDeadlineSeconds": 600, "revisionHistoryLimit": 10, "replicas": 1}
_STATEFUL_SET = {"podManagementPolicy": "OrderedReady", "revisionHistoryLimit": 10, "replicas": 1}


def settle(kind: Kind, content: dict[str, Any]) -> None:
    """Change a kind of Kubernetes' own as the server would; custom resources are kept as they are."""
    fill = _KINDS.get(kind.name)
    if "." in kind.group and not kind.group.endswith(".k8s.io"):
        return
    _drop_zeros(content.get("spec"))
    if fill and isinstance(content.get("spec"), dict):
        fill(content["spec"])


def _drop_zeros(value: Any) -> None:
    if isinstance(value, dict):
        for name in [name for name in _ZERO if name in value and not value[name]]:
            del value[name]
        for each in value.values():
            _drop_zeros(each)
    elif isinstance(value, list):
        for each in value:
            _drop_zeros(each)


def _pod(spec: dict[str, Any]) -> None:
    _fill(spec, _POD)
    for each in [*spec.get("containers", ()), *spec.get("initContainers", ())]:
        _fill(each, _CONTAINER)
        latest = ":" not in each.get("image", "").rpartition("/")[2] or each.get("image", "").endswith(":latest")
        _fill(each, {"imagePullPolicy": "Always" if latest else "IfNotPresent"})
        for port in each.get("ports", ()):
            _fill(port, {"protocol": "TCP"})
        for probe in (each[name] for name in _PROBES if name in each):
            _fill(probe, _PROBE)
            if "httpGet" in probe:
                _fill(probe["httpGet"], {"scheme": "HTTP", "path": "/"})
    for volume in spec.get("volumes", ()):
        for name in ("secret", "configMap", "projected", "downwardAPI"):
            if isinstance(volume.get(name), dict):
                _fill(volume[name], {"defaultMode": 420})


def _template(defaults: Mapping[str, Any]) -> Callable[[dict[str, Any]], None]:
    def fill(spec: dict[str, Any]) -> None:
        _fill(spec, defaults)
        _pod(spec["template"].setdefault("spec", {}))

    return fill


def _job(spec: dict[str, Any]) -> None:
    _fill(spec, {"backoffLimit": 6, "completions": 1, "parallelism": 1, "completionMode": "NonIndexed"})
    _pod(spec["template"]["spec"])


def _service(spec: dict[str, Any]) -> None:
    _fill(spec, {"type": "ClusterIP", "sessionAffinity": "None", "internalTrafficPolicy": "Cluster"})
    for port in spec.get("ports", ()):
        _fill(port, {"protocol": "TCP", "targetPort": port.get("port")})


def _fill(target: dict[str, Any], defaults: Mapping[str, Any]) -> None:
    for name, value in defaults.items():
        if target.get(name) is None:
            target[name] = value.copy() if isinstance(value, dict) else value


_KINDS: Mapping[str, Callable[[dict[str, Any]], None]] = {
    "Deployment": _template(_DEPLOYMENT),
    "StatefulSet": _template(_STATEFUL_SET),
    "DaemonSet": _template({"revisionHistoryLimit": 10}),
    "Job": _job,
    "Pod": _pod,
    "Service": _service,
    "CronJob": lambda spec: _job(spec["jobTemplate"]["spec"]),
}
