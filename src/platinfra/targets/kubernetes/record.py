"""What is written down of a stack in a cluster, so that it outlives the stack file."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

from platinfra.model.cluster import ObjectRef, ref_of
from platinfra.model.graph import Component
from platinfra.model.record import ActionRecord, ComponentRecord, Migration, Record
from platinfra.targets.kubernetes.bundle import Bundle, Rendered
from platinfra.targets.kubernetes.confined import contents_of
from platinfra.targets.kubernetes.facts import ClusterValues
from platinfra.targets.kubernetes.network import job_selectors, lasting_selectors
from platinfra.targets.kubernetes.pods import is_operated
from platinfra.targets.kubernetes.routes import routes_of

_FIRST_NOTES = "cluster.json"
"""Where version 1 kept what is known of a cluster that platinfra created."""


@dataclass(frozen=True, slots=True)
class AddressRecord:
    """Where an endpoint is inside the cluster."""

    url: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class ClusterComponent(ComponentRecord):
    """A component of a cluster: its pods and its addresses."""

    pods: tuple[Mapping[str, str], ...]
    """The labels of the pods that it needs, one set for each kind of them."""
    endpoints: Mapping[str, AddressRecord]
    permissions: int
    """Verbs that its wires grant it."""
    jobs: tuple[Mapping[str, str], ...] = ()
    """The labels of the pods that come and go with its jobs."""
    operated: tuple[ObjectRef, ...] = ()
    """The objects whose operators tell how its pods are."""
    route: str | None = None
    """The address at which people find its page."""

    @property
    def url(self) -> str | None:
        """Return the address of its page: its route, or the one inside the cluster; None when it has none."""
        return self.route or (self.endpoints["http"].url if "http" in self.endpoints else None)


@dataclass(frozen=True, slots=True)
class OwnCluster:
    """A cluster on this machine that platinfra creates for the stack."""

    program: str
    name: str
    ready: bool = False
    """Whether making it came to its end."""
    images: tuple[str, ...] = ()
    """Images that platinfra built and brought onto its nodes."""


def _once_for_all(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return version 2: each component named namespace and context, pods came later, and the cluster had a file of its own."""
    first: Mapping[str, Any] = next(iter(data["components"].values()), {})
    components = {
        name: {
            **each,
            "pods": each.get("pods", [{"app.kubernetes.io/instance": name}]),
            "permissions": sum(len(wire["access"]) for wire in each["bindings"]),
        }
        for name, each in data["components"].items()
    }
    notes = folder / _FIRST_NOTES
    own = json.loads(notes.read_text(encoding="utf-8")) if notes.is_file() else None
    where = {"namespace": first.get("namespace", ""), "context": first.get("context")}
    return {**data, **where, "components": components, "cluster": own}


def _nothing_kept(data: dict[str, Any], _: Path) -> dict[str, Any]:
    """Return version 3: before, what `down` left was forgotten."""
    return {**data, "kept": {}}


@dataclass(frozen=True, slots=True)
class ClusterRecord(Record):
    """A stack in a cluster."""

    migrations: ClassVar[tuple[Migration, ...]] = (_once_for_all, _nothing_kept)
    destination: ClassVar[str] = "kubernetes"

    components: Mapping[str, ClusterComponent] = field(default_factory=dict)
    namespace: str = ""
    context: str | None = None
    """None for the current one, and for a cluster with a kubeconfig of its own."""
    cluster: OwnCluster | None = None
    kept: Mapping[str, ActionRecord] = field(default_factory=dict)
    """What `down` left in the cluster because data is in it or needs it; it goes with the data."""

    contents: tuple[str, ...] = ()
    """The kinds (`batch/v1/Job`) that the namespace is emptied of with the data, where it is not deleted itself."""

    def continue_from(self, before: Self) -> Self:
        """Return the record also with the cluster that was made before, and with what `down` left."""
        return replace(self, applied=before.applied, cluster=before.cluster, kept=before.kept)

    def keep(self, kept: Mapping[str, ActionRecord]) -> Self:
        """Return the record with more that `down` leaves, in the order in which it was applied."""
        return replace(self, kept={**self.kept, **kept})


def record_of(bundle: Bundle, rendered: Rendered) -> ClusterRecord:
    """Return what is written down of a stack before anything of it is applied."""
    values = bundle.values
    doors = {each.page: each.door for each in routes_of(values)}
    components = {
        name: replace(_component(each, values, doors.get(name)), operated=tuple(_find_operated(name, bundle, rendered)))
        for name, each in values.graph.components.items()
    }
    place = values.facts.place
    return ClusterRecord(
        values.graph.stack,
        ClusterRecord.destination,
        components=components,
        namespace=place.namespace,
        context=place.context,
        contents=contents_of(bundle) if place.is_confined else (),
    )


def _find_operated(name: str, bundle: Bundle, rendered: Rendered) -> Iterator[ObjectRef]:
    """Yield the objects of a component whose operators tell how its pods are, those of its charts too."""
    for step in bundle.steps:
        if step.component == name:
            yield from (ref_of(each) for each in rendered.get(step.key, step.objects) if is_operated(each))


def _component(component: Component, values: ClusterValues, door: Any) -> ClusterComponent:
    ends = () if component.is_service else values.tool(component).endpoints_in("cluster")
    return ClusterComponent(
        tool=component.tool,
        stages=component.stages,
        reason=component.reason,
        pods=() if component.is_service else tuple(lasting_selectors(component, values)),
        jobs=() if component.is_service else tuple(job_selectors(component, values)),
        endpoints={
            each: AddressRecord(values.url(component, each), *values.facts.host_and_port(component, each))
            for each in ends
        },
        permissions=sum(len(each.access) for each in values.graph.bindings_of(component.name)),
        route=values.facts.address(door) if door else None,
    )
