"""Pods that platinfra describes itself: confined, with probes, limits and a disruption budget."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from platinfra.catalog.kubernetes import Workload
from platinfra.model.graph import Component
from platinfra.model.reference import Secret, Text, show_text
from platinfra.targets.kubernetes import clients, scale
from platinfra.targets.kubernetes.containers import Containers, lost_volumes, pod_security, shared_mounts, to_text
from platinfra.targets.kubernetes.facts import ClusterValues, part_name
from platinfra.targets.kubernetes.place import metadata

Object = dict[str, Any]
_PERIOD = 10
"""Seconds between two questions of a probe."""
_KEPT_JOBS = 3


def objects(component: Component, values: ClusterValues) -> Iterator[Object]:
    """Yield the objects of a component's own workloads."""
    for key, entry in values.facts.recipe(component).workloads.items():
        yield from _Described(component, key, entry, values).objects()


class _Described:
    """One workload in the making."""

    def __init__(self, component: Component, key: str, entry: Workload, values: ClusterValues) -> None:
        self.component = component
        self.entry = entry
        self.values = values
        self.containers = Containers(component, values)
        self.name = part_name(component, key)
        self.replicas = self._number(entry.replicas)
        self.most = scale.most(self.replicas, self._number(entry.autoscale.max) if entry.autoscale else 0, entry.kind)
        self.pod_labels = {**values.facts.place.labels(component), "app.kubernetes.io/component": key}
        names = [f"app.kubernetes.io/{name}" for name in ("instance", "component")]
        self.selector = {name: self.pod_labels[name] for name in names}
        self.env = self._fill({**entry.env, **({} if not entry.clients else clients.env(component, values))})
        self.files = self._fill(entry.files)

    def objects(self) -> Iterator[Object]:
        """Yield the workload with what belongs to it."""
        yield from self._contents()
        yield self._workload()
        if self.entry.endpoints:
            yield self._service()
        if self.entry.kind in {"Deployment", "StatefulSet"}:
            spec = {"maxUnavailable": 1, "selector": {"matchLabels": self.selector}}
            yield self._object("policy/v1", "PodDisruptionBudget", self.name, spec=spec)
        if self.entry.autoscale and self.most > self.replicas:
            spec = scale.autoscaler(self.name, self.replicas, self.most, self.entry.autoscale.cpu)
            yield self._object("autoscaling/v2", "HorizontalPodAutoscaler", self.name, spec=spec)

    def _fill(self, templates: Mapping[str, Any]) -> dict[str, Any]:
        return dict(self.values.value(dict(templates), self.component))

    def _contents(self) -> Iterator[Object]:
        """Yield the ConfigMap and the Secrets that hold files and variables."""
        plain, hidden = _part(self.files)
        if plain:
            data = {_key(path): to_text(value) for path, value in plain.items()}
            yield self._object("v1", "ConfigMap", f"{self.name}-files", data=data)
        for name, content in ((f"{self.name}-secret-files", hidden), (f"{self.name}-env", _part(self.env)[1])):
            if content:
                data = {_key(key): value for key, value in content.items()}
                yield self._object("v1", "Secret", name, type="Opaque", stringData=data)

    def _workload(self) -> Object:
        template = {"metadata": {"labels": self.pod_labels, "annotations": self._annotations()}, "spec": self._pod()}
        match self.entry.kind:
            case "CronJob":
                return self._object("batch/v1", "CronJob", self.name, spec=self._schedule(template))
            case "Job":
                return self._object("batch/v1", "Job", self.name, spec={"backoffLimit": 3, "template": template})
        spec: Object = {"selector": {"matchLabels": self.selector}, "template": template}
        if self.most <= self.replicas:  # else the number is the autoscaler's, and nobody else may say it
            spec["replicas"] = self.replicas
        if self.entry.kind == "Deployment":
            return self._object("apps/v1", "Deployment", self.name, spec=spec)
        claims = {"volumeClaimTemplates": [self._claim()]} if self.entry.volume else {}
        return self._object("apps/v1", "StatefulSet", self.name, spec={**spec, "serviceName": self.name, **claims})

    def _schedule(self, template: Object) -> Object:
        return {
            "schedule": self.values.value(self.entry.schedule or "0 * * * *", self.component),
            "concurrencyPolicy": "Forbid",
            "successfulJobsHistoryLimit": _KEPT_JOBS,
            "failedJobsHistoryLimit": _KEPT_JOBS,
            "jobTemplate": {"spec": {"backoffLimit": 2, "template": template}},
        }

    def _annotations(self) -> dict[str, str]:
        """Return what changes when the pods have to be replaced, because what they read at their start did."""
        content = {name: _show(value) for name, value in {**self.env, **self.files}.items()}
        text = json.dumps(content, sort_keys=True)
        return {"platinfra/inputs": hashlib.sha256(text.encode()).hexdigest()[:16]}

    def _pod(self) -> Object:
        entry = self.entry
        spec: Object = {
            "serviceAccountName": self.component.name,
            "automountServiceAccountToken": entry.api and bool(self.values.facts.recipe(self.component).rbac),
            **pod_security(entry.user),
            "containers": [self._container()],
            "volumes": list(self._volumes()),
        }
        if entry.beside:
            spec["initContainers"] = self.containers.beside(entry)
        if entry.kind in {"CronJob", "Job"}:
            spec["restartPolicy"] = "Never"
        if self._number(entry.gpus):
            spec["tolerations"] = [dict(scale.GPU_TOLERATION)]
        if self.most > 1:
            spec["topologySpreadConstraints"] = [scale.spread(self.selector)]
        return spec

    def _container(self) -> Object:
        entry = self.entry
        made: Object = {
            **self.containers.make_container("main", entry, writes="readOnlyRootFilesystem" in entry.exceptions),
            "env": list(self._variables()),
            "volumeMounts": list(self._mounts()),
            **self._probes(),
        }
        if gpus := self._number(entry.gpus):
            made["resources"]["limits"][scale.GPU] = gpus
        if entry.endpoints:
            made["ports"] = [
                {"name": name, "containerPort": self.values.facts.location(self.component, name)[2], "protocol": "TCP"}
                for name in entry.endpoints
            ]
        return made

    def _variables(self) -> Iterator[Object]:
        plain, hidden = _part(self.env)
        for name, value in plain.items():
            yield {"name": name, "value": to_text(value)}
        for name in hidden:
            yield {"name": name, "valueFrom": {"secretKeyRef": {"name": f"{self.name}-env", "key": _key(name)}}}
        given = {name: {"name": each.secret, "key": each.key} for name, each in self.entry.secret_env.items()}
        used = clients.secret_env(self.component, self.values) if self.entry.clients else {}
        for name, reference in {**used, **self._fill(given)}.items():
            yield {"name": name, "valueFrom": {"secretKeyRef": reference}}

    def _mounts(self) -> Iterator[Object]:
        if self.entry.volume:
            yield {"name": "data", "mountPath": self.entry.volume.path}
        for number, path in enumerate(self.entry.writable):
            yield {"name": f"writable-{number}", "mountPath": path}
        yield from shared_mounts(self.entry.shared)
        for kind, files in zip(("files", "secret-files"), _part(self.files), strict=True):
            for path in files:
                yield {"name": kind, "mountPath": path, "subPath": _key(path), "readOnly": True}

    def _volumes(self) -> Iterator[Object]:
        if self.entry.volume and self.entry.kind != "StatefulSet":
            yield {"name": "data", "emptyDir": {}}
        yield from lost_volumes(self.entry)
        plain, hidden = _part(self.files)
        if plain:
            yield {"name": "files", "configMap": {"name": f"{self.name}-files"}}
        if hidden:
            yield {"name": "secret-files", "secret": {"secretName": f"{self.name}-secret-files"}}

    def _claim(self) -> Object:
        assert self.entry.volume
        size = self.values.value(self.entry.volume.size, self.component)
        chosen = self.values.facts.place.deployment.storage_class
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
        return {
            "metadata": {"name": "data", "labels": self.values.facts.place.labels(self.component)},
            "spec": {**spec, **({"storageClassName": chosen} if chosen else {})},
        }

    def _probes(self) -> Object:
        for name in self.entry.endpoints:
            if ready := self.values.tool(self.component).endpoints[name].ready:
                asked = {"httpGet": {"path": ready, "port": name}}
                break
        else:
            if not self.entry.endpoints:
                return {}
            asked = {"tcpSocket": {"port": self.entry.endpoints[0]}}
        often = {"periodSeconds": _PERIOD, "timeoutSeconds": 5}
        return {
            "startupProbe": {**asked, **often, "failureThreshold": max(1, self.entry.startup_seconds // _PERIOD)},
            "readinessProbe": {**asked, **often},
            "livenessProbe": {**asked, **often, "failureThreshold": 6},
        }

    def _service(self) -> Object:
        ports = []
        for name in self.entry.endpoints:
            _, port, _ = self.values.facts.location(self.component, name)
            ports.append({"name": name, "port": port, "targetPort": name, "protocol": "TCP"})
        spec = {"type": "ClusterIP", "selector": self.selector, "ports": ports}
        return self._object("v1", "Service", self.name, spec=spec)

    def _number(self, template: str | int) -> int:
        return int(self.values.value(template, self.component) or 0)

    def _object(self, version: str, kind: str, name: str, **content: Any) -> Object:
        meta = metadata(name, self.values.facts.place, self.component)
        return {"apiVersion": version, "kind": kind, "metadata": meta, **content}


def _part(content: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what everybody may read, and what holds a secret."""
    hidden = {key: value for key, value in content.items() if _is_secret(value)}
    return {key: value for key, value in content.items() if key not in hidden}, hidden


def _is_secret(value: Any) -> bool:
    parts: Text = value if isinstance(value, tuple) else (value,)
    return any(isinstance(part, Secret) for part in parts)


def _show(value: Any) -> str:
    return show_text(value) if isinstance(value, tuple) else str(value)


def _key(path: str) -> str:
    """Return the key of a ConfigMap or a Secret for a path or a variable: letters, digits, dashes, dots, underscores."""
    return path.strip("/").replace("/", "_")
