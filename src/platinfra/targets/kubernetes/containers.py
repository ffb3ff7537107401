"""What the containers of our own pods have in common, and those that run beside the main one."""

from collections.abc import Iterator, Sequence
from typing import Any

from platinfra.catalog.entry import Argument
from platinfra.catalog.kubernetes import Beside, Workload
from platinfra.model.graph import Component
from platinfra.model.template import ABSENT
from platinfra.targets.kubernetes import scale
from platinfra.targets.kubernetes.facts import ClusterValues

Object = dict[str, Any]
CONFINED: Object = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}
"""What no container of ours may do."""
_OFTEN = 2
"""Seconds between two looks for the file of a container beside; nothing else of the pod starts before it is there."""


class Containers:
    """The containers of one component's pods."""

    def __init__(self, component: Component, values: ClusterValues) -> None:
        self._component = component
        self._values = values

    def make_container(self, name: str, entry: Workload | Beside, *, writes: bool = False) -> Object:
        """Return what every container says: image, command, limits of what it may do, and Secrets of its wires."""
        made: Object = {
            "name": name,
            "image": self._values.value(entry.image, self._component),
            "securityContext": {**CONFINED, "readOnlyRootFilesystem": not writes},
            "resources": self._resources(entry),
            "envFrom": [{"secretRef": {"name": name}} for name in self._credentials(entry.credentials)],
        }
        if entry.command:
            made["command"] = list(self._arguments(entry.command))
        return made

    def beside(self, workload: Workload) -> list[Object]:
        """Return the containers beside the main one as Kubernetes has them: started before it, and never ended."""
        return [self._beside(name, each, workload.shared) for name, each in workload.beside.items()]

    def _beside(self, name: str, entry: Beside, shared: Sequence[str]) -> Object:
        env = self._values.facts.open_value(dict(entry.env), self._component)
        own = [{"name": f"{name}-writable-{number}", "mountPath": path} for number, path in enumerate(entry.writable)]
        made: Object = {
            **self.make_container(name, entry),
            "restartPolicy": "Always",
            "env": [{"name": key, "value": to_text(value)} for key, value in env.items()],
            "volumeMounts": [*shared_mounts(shared), *own],
        }
        if entry.ready:
            made["startupProbe"] = {
                "exec": {"command": ["test", "-e", entry.ready]},
                "periodSeconds": _OFTEN,
                "timeoutSeconds": 5,
                "failureThreshold": max(1, entry.startup_seconds // _OFTEN),
            }
        return made

    def _arguments(self, entries: Sequence[Argument]) -> Iterator[Any]:
        for entry in entries:
            group = [
                self._values.facts.open_value(each, self._component)
                for each in ([entry] if isinstance(entry, str) else entry)
            ]
            if ABSENT not in group:
                yield from map(str, group)

    def _resources(self, entry: Workload | Beside) -> Object:
        found = (
            self._values.value(each, self._component) for each in (entry.cpu, entry.memory, entry.memory_limit or "")
        )
        cpu, memory, most = map(str, found)
        # No limit of processor time: it would slow pods down beside idle cores.
        return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": most or scale.twice(memory)}}

    def _credentials(self, requirements: Sequence[str]) -> Iterator[str]:
        for requirement in requirements:
            binding = self._values.binding(self._component.name, requirement)
            if binding and self._values.facts.has_credentials(binding):
                yield self._values.facts.secret_name(binding)


def pod_security(user: int) -> Object:
    """Return what every pod of ours says of who it is."""
    who = {"runAsNonRoot": True, "runAsUser": user, "runAsGroup": user, "fsGroup": user}
    return {"enableServiceLinks": False, "securityContext": {**who, "seccompProfile": {"type": "RuntimeDefault"}}}


def to_text(value: Any) -> Any:
    """Return a value as the text that Kubernetes wants; what is not known yet stays."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def shared_mounts(shared: Sequence[str]) -> list[Object]:
    """Return where a container of a pod sees the folders that all of them see."""
    return [{"name": f"shared-{number}", "mountPath": path} for number, path in enumerate(shared)]


def lost_volumes(workload: Workload) -> list[Object]:
    """Return the volumes that are lost with the pod: those of the main container, of all, and of those beside it."""
    names = [f"writable-{number}" for number in range(len(workload.writable))]
    names += [f"shared-{number}" for number in range(len(workload.shared))]
    for name, each in workload.beside.items():
        names += [f"{name}-writable-{number}" for number in range(len(each.writable))]
    return [{"name": each, "emptyDir": {}} for each in names]
