"""Jobs by which a provider admits its consumers, one for each wire."""

from typing import Any

from platinfra.catalog.kubernetes import Admission
from platinfra.model.graph import Binding, Component
from platinfra.targets.kubernetes.containers import CONFINED, pod_security
from platinfra.targets.kubernetes.facts import ClusterValues

Object = dict[str, Any]
_USER = 10001


def labels_of_jobs(provider: Component) -> dict[str, str]:
    """Return the labels by which the pods of a provider's Jobs are found."""
    return {"app.kubernetes.io/instance": provider.name, "app.kubernetes.io/component": "grant"}


def job(entry: Admission, binding: Binding, provider: Component, values: ClusterValues) -> Object:
    """Return the Job that admits one consumer; raise PlatinfraError when it would show a secret."""
    filled = values.facts.open_value(entry.model_dump(exclude={"retries"}), provider, binding)
    labels = {**values.facts.place.labels(provider), **labels_of_jobs(provider)}
    env = [{"name": name, "value": each} for name, each in filled["env"].items()]
    env += [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": each["secret"], "key": each["key"]}}}
        for name, each in filled["secret_env"].items()
        if "secret" in each  # absent for a wire without credentials
    ]
    container = {
        "name": "grant",
        "image": filled["image"],
        "command": filled["command"],
        "env": env,
        "envFrom": [{"secretRef": {"name": each}} for each in filled["secrets"]],
        "securityContext": CONFINED,
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108
    }
    pod = {
        **pod_security(_USER),
        "serviceAccountName": provider.name,
        "automountServiceAccountToken": False,
        "restartPolicy": "Never",
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    spec = {"backoffLimit": entry.retries, "template": {"metadata": {"labels": labels}, "spec": pod}}
    name = f"{values.facts.secret_name(binding)}-grant"
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec}
