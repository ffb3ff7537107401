"""Pods, and the templates that workloads make them from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from platinfra.facts.table import beside
from platinfra.targets.kubernetes.rules.field import Field
from platinfra.targets.kubernetes.rules.resource import Resource

_TEMPLATES: Mapping[str, list[str]] = beside(__file__)
SHORT_LIVED = frozenset({"batch/Job", "batch/CronJob", "keda.sh/ScaledJob"})
CONTAINERS = ("containers", "initContainers", "ephemeralContainers")


@dataclass(frozen=True, slots=True)
class Template:
    """The pods of one object: `place` holds `metadata` and `spec`."""

    owner: Resource
    place: Field

    @property
    def spec(self) -> Field:
        """The pod's specification."""
        return self.place.at("spec")

    @property
    def labels(self) -> dict[str, str]:
        """The labels its pods will wear, those of the Job controller included."""
        written = self.place.at("metadata", "labels").texts
        if self.owner.key == "batch/Job":
            return {**written, "job-name": self.owner.name, "batch.kubernetes.io/job-name": self.owner.name}
        return written

    def containers(self, *lists: str) -> Iterator[Field]:
        """Yield the containers of some lists of the specification; of all of them when none is named."""
        for name in lists or CONTAINERS:
            yield from self.spec.at(name).each()

    def serving(self) -> Iterator[Field]:
        """Yield the containers that run as long as the pod: the main ones and sidecars."""
        yield from self.containers("containers")
        yield from (each for each in self.containers("initContainers") if each.at("restartPolicy").text == "Always")

    def has_port(self, port: Field) -> bool:
        """Tell whether a container declares a port of this name or number."""
        field = "name" if port.text else "containerPort"
        return any(each.at(field).value == port.value for each in self.ports())

    def ports(self) -> Iterator[Field]:
        """Yield the ports that containers declare."""
        for container in self.serving():
            yield from container.at("ports").each()


def templates(resource: Resource) -> Iterator[Template]:
    """Yield the pod templates of an object; none for a kind that runs no pods."""
    for pattern in _TEMPLATES.get(resource.key, ()):
        yield from (Template(resource, place) for place in resource.root.find(*pattern.split()))
