"""The actions that bring a stack into a cluster, and how each is undone."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.model.cluster import LATE, Charts, Cluster, ObjectRef, Release, Revision, ref_of
from platinfra.model.digest import digest_of
from platinfra.model.event import Phase
from platinfra.model.plan import Progress, Seen
from platinfra.model.ports import Secrets
from platinfra.model.record import ActionRecord
from platinfra.model.reference import Reference, Secret, reveal
from platinfra.model.template import map_values
from platinfra.targets.kubernetes.drift import of_objects, of_release
from platinfra.targets.kubernetes.place import FIELD_MANAGER, MANAGED_BY
from platinfra.targets.kubernetes.pods import is_any_hook, lasts

Object = Mapping[str, Any]
TIMEOUT = 900.0
"""Seconds until a workload has to be ready: images are pulled and volumes made."""
_SERVED = 120.0
"""Seconds that an operator has to serve its kinds and answer its webhooks."""
_AGAIN = 2.0
"""Seconds until an upgrade is tried again."""
GONE = 300.0
"""Seconds until what is deleted has to be gone."""
OWNED_BY = "gateway.envoyproxy.io/owning-gateway"
"""What the labels begin with by which Envoy Gateway marks what it made for a Gateway."""
ON_DOWN = "platinfra/on-down"
"""Annotation of an object that holds data: what `down` annotates it with instead of deleting it, as JSON."""
PASSING = "platinfra/passing"
"""Annotation of an object that is needed only while its step is applied, such as a Secret that a Job reads."""
_ENDING = frozenset({"Job", "CustomResourceDefinition"})
"""Kinds whose own status tells when they are done, beside those with pods that last."""


@dataclass(frozen=True, slots=True)
class ClusterWorld:
    """Everything an action in a cluster may touch."""

    charts: Charts
    cluster: Cluster
    secrets: Secrets
    unmade: Secrets
    """The same for a plan: what is missing is not made, but made up."""
    version: str
    """Of the cluster, such as 1.34."""

    def interrupt(self) -> None:
        """End the programs that other threads wait for."""
        self.cluster.interrupt()
        self.charts.interrupt()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterStep:
    """What the actions of a cluster have in common."""

    key: str
    component: str
    after: tuple[str, ...]
    follows: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyObjects(ClusterStep):
    """Apply objects of ours on the server, and wait for those that become ready."""

    objects: tuple[Object, ...]
    earlier: tuple[Mapping[str, Any], ...] = ()
    """What was recorded of objects that the step had when it was applied last, and has no longer."""
    kind: str = "objects"
    phase: Phase = "preparing"

    @property
    def summary(self) -> str:
        """Say what it applies."""
        return ", ".join(f"{each['kind']} {each['metadata']['name']}" for each in self.objects)

    @property
    def digest(self) -> str:
        """Change with the objects; secrets count by their names."""
        return digest_of([reveal_all(each, str) for each in self.objects])

    @property
    def record(self) -> Mapping[str, Any]:
        """Name the objects, and what keeps their data."""
        return {"objects": [*self.earlier, *(_record_of(each) for each in self.objects)]}

    def after_record(self, record: Mapping[str, Any]) -> "ApplyObjects":
        """Return the action with what an earlier one recorded: objects that left the step go when it is applied."""
        now = [_record_of(each)["ref"] for each in self.objects]
        return replace(self, earlier=tuple(each for each in record["objects"] if each["ref"] not in now))

    def holds(self, seen: Seen) -> bool:
        """Tell whether applying what was applied before would change nothing."""
        world: ClusterWorld = seen.world
        return not any(each.restored for each in of_objects("", self.lasting_objects(world), world.cluster))

    def apply(self, world: ClusterWorld, progress: Progress) -> None:
        """Apply, remove what left the step, and wait; what is passing is gone at the end, whatever happens."""
        passing = [each for each in self.objects if _passes(each)]
        try:
            objects = [*_reveal_objects(passing, world), *self.lasting_objects(world)]
            world.cluster.apply(objects, force=True, patience=_SERVED)
            world.cluster.delete([ObjectRef(*each["ref"]) for each in self.earlier], GONE)
            for each in self.objects:
                if lasts(each) or each["kind"] in _ENDING:
                    world.cluster.wait_ready(ref_of(each), TIMEOUT, progress.report, progress.cancelled)
        finally:
            if passing:
                world.cluster.delete([ref_of(each) for each in passing], GONE)

    def lasting_objects(self, world: ClusterWorld) -> list[Object]:
        """Return the objects that last, with their secrets."""
        return _reveal_objects([each for each in self.objects if not _passes(each)], world)


def _passes(each: Object) -> bool:
    return PASSING in each["metadata"].get("annotations", {})


def _reveal_objects(objects: list[Object], world: ClusterWorld) -> list[Object]:
    return [reveal_all(each, world.secrets.get) for each in objects]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallRelease(ClusterStep):
    """Install or upgrade a chart; what fails goes back to what it was."""

    release: Release
    objects: tuple[Object, ...] = field(repr=False)
    """What the chart becomes."""
    workloads: tuple[ObjectRef, ...]
    """What has to become ready."""
    shared: bool = False
    """It serves the whole cluster."""
    kinds: tuple[str, ...] = ()
    """Custom kinds it brings."""
    kind: str = "release"
    phase: Phase = "installing"

    @property
    def summary(self) -> str:
        """Say which chart it installs."""
        return f"{self.release.chart.name} {self.release.chart.version}"

    @property
    def digest(self) -> str:
        """Change with the chart and its values."""
        chart = self.release.chart
        return digest_of(chart.repository, chart.name, chart.version, self.release.values)

    @property
    def record(self) -> Mapping[str, Any]:
        """Name the release."""
        return {
            "name": self.release.name,
            "namespace": self.release.namespace,
            "shared": self.shared,
            "kinds": list(self.kinds),
        }

    def holds(self, seen: Seen) -> bool:
        """Tell whether the release is there and nobody changed its objects."""
        world: ClusterWorld = seen.world
        found = world.charts.status(self.release.name, self.release.namespace)
        if found is None or found.status != "deployed":
            return False
        # What upgrading would not put back is no reason to upgrade: it would be one for ever.
        drifts = of_release("", self.release, self.objects, world.cluster, world.charts.field_manager)
        return not any(each.restored for each in drifts)

    def apply(self, world: ClusterWorld, progress: Progress) -> None:
        """Install or upgrade, and wait for its workloads; go back to the revision before when that fails."""
        if self.shared and world.cluster.get(_namespace(self.release.namespace)) is None:
            world.cluster.apply([namespace_of_operator(self.release.namespace)])
        before = world.charts.status(self.release.name, self.release.namespace)
        try:
            progress.report(self.summary)
            self._upgrade(world, progress)
            for each in self.workloads:
                world.cluster.wait_ready(each, TIMEOUT, progress.report, progress.cancelled)
        except ActionError as error:
            raise ActionError(*error.diagnostics, self._go_back(world, before)) from error

    def _upgrade(self, world: ClusterWorld, progress: Progress) -> None:
        """Upgrade, once the operators that it needs answer; what was changed by hand is taken back where Helm would not."""
        deadline = time.monotonic() + _SERVED
        while True:
            try:
                self._try_upgrade(world)
            except ActionError as error:
                if error.diagnostics[0].code not in LATE or time.monotonic() > deadline or progress.cancelled():
                    raise
                progress.report(error.diagnostics[0].message)
                world.charts.recover(self.release.name, self.release.namespace)
                time.sleep(_AGAIN)
            else:
                return

    def _try_upgrade(self, world: ClusterWorld) -> None:
        try:
            world.charts.upgrade(self.release, TIMEOUT)
        except ActionError as error:
            if {each.code for each in error.diagnostics} != {"field-conflict"}:
                raise
            world.charts.recover(self.release.name, self.release.namespace)
            world.cluster.take([each for each in self.objects if not is_any_hook(each)], world.charts.field_manager)
            world.charts.upgrade(self.release, TIMEOUT)

    def _go_back(self, world: ClusterWorld, before: Revision | None) -> Diagnostic:
        """Undo a failed upgrade; say what is there now."""
        name, namespace = self.release.name, self.release.namespace
        hint = "fix the reported problem, and run `platinfra up` again"
        if before is None or before.status != "deployed":
            return Diagnostic("release-failed", f"the release `{name}` was left as it is for inspection", hint=hint)
        try:
            world.charts.rollback(name, namespace, before.number)
        except ActionError as error:
            return replace(error.diagnostics[0], message=f"the rollback failed too: {error.diagnostics[0].message}")
        message = f"the release `{name}` was rolled back to revision {before.number} ({before.chart})"
        return Diagnostic("release-rolled-back", message, hint=hint)


def namespace_of_operator(name: str) -> dict[str, Any]:
    """Return the namespace of a release that serves the whole cluster, labelled as ours."""
    meta = {"name": name, "labels": {MANAGED_BY: FIELD_MANAGER}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta}


def undo(kind: str, record: Mapping[str, Any], world: ClusterWorld) -> None:
    """Undo an applied action with all it holds; data included."""
    match kind:
        case "release":
            _uninstall(record, world)
        case "objects":
            refs = [ObjectRef(*each["ref"]) for each in reversed(record["objects"])]
            _delete(refs, world)


def pause(kind: str, record: Mapping[str, Any], world: ClusterWorld) -> None:
    """Undo an applied action but for data: volumes and namespaces stay, and what holds data is told to rest."""
    if kind != "objects":
        undo(kind, record, world)
        return
    for each in record["objects"]:
        if each["rest"]:
            _rest(ObjectRef(*each["ref"]), each["rest"], world)
    gone = [ObjectRef(*each["ref"]) for each in reversed(record["objects"]) if not _holds_data(each)]
    _delete(gone, world)


def _delete(refs: Sequence[ObjectRef], world: ClusterWorld) -> None:
    """Delete objects; and wait for the load balancers of Gateways, which nobody would remove once the controllers are gone."""
    world.cluster.delete(refs, GONE)
    gateways = [each for each in refs if each.kind == "Gateway"]
    if not gateways or not world.cluster.can_i("list", "services"):
        return
    deadline = time.monotonic() + GONE
    while left := [name for each in gateways for name in _services_of(each, world)]:
        if time.monotonic() > deadline:
            message = f"the load balancer of {', '.join(left)} is still there"
            hint = "see `kubectl describe service` there; everything else is still there, so run `down` again"
            raise ActionError(Diagnostic("not-deleted", message, hint=hint))
        time.sleep(_AGAIN)


def _services_of(gateway: ObjectRef, world: ClusterWorld) -> list[str]:
    """Return the Services that Envoy Gateway made for a Gateway, in its own namespace."""
    labels = {f"{OWNED_BY}-name": gateway.name, f"{OWNED_BY}-namespace": gateway.namespace}
    found = world.cluster.find("services", labels=labels)
    return [f"{each['metadata']['namespace']}/{each['metadata']['name']}" for each in found]


def kept_by_pause(action: ActionRecord) -> ActionRecord | None:
    """Return what `pause` leaves of an action, or may have to leave; None when that is nothing."""
    if action.kind == "release":
        # One that serves the whole cluster stays as long as anything in it uses what it brought.
        return action if action.record["shared"] else None
    kept = [each for each in action.record["objects"] if _holds_data(each)]
    return replace(action, record={"objects": kept}) if kept else None


def _holds_data(each: Mapping[str, Any]) -> bool:
    return bool(each["ref"][1] in {"Namespace", "Secret"} or each["rest"])


def _rest(ref: ObjectRef, annotations: Mapping[str, str], world: ClusterWorld) -> None:
    if world.cluster.get(ref) is not None:
        world.cluster.annotate(ref, annotations)


def _uninstall(record: Mapping[str, Any], world: ClusterWorld) -> None:
    """Remove a release; one that serves the whole cluster stays while anybody uses what it brought."""
    if record["shared"] and any(world.cluster.find(resource_of(kind)) for kind in record["kinds"]):
        return
    world.charts.uninstall(record["name"], record["namespace"])
    if record["shared"]:
        _leave(record["namespace"], world)


def _leave(namespace: str, world: ClusterWorld) -> None:
    """Remove a namespace that was made for a release that serves the whole cluster, once nothing is installed there."""
    found = world.cluster.get(_namespace(namespace))
    ours = found is not None and (found["metadata"].get("labels") or {}).get(MANAGED_BY) == FIELD_MANAGER
    if ours and not world.charts.list(namespace):
        world.cluster.delete([_namespace(namespace)], GONE)


def _namespace(name: str) -> ObjectRef:
    return ObjectRef("v1", "Namespace", name)


def resource_of(kind: str) -> str:
    """Return how kubectl calls a kind: `Cluster.v1.postgresql.cnpg.io`."""
    *group, version, name = kind.split("/")
    return f"{name}.{version}.{'/'.join(group)}"


def _record_of(each: Object) -> dict[str, Any]:
    ref = ref_of(each)
    rest = each["metadata"].get("annotations", {}).get(ON_DOWN)
    return {"ref": [ref.api_version, ref.kind, ref.name, ref.namespace], "rest": json.loads(rest) if rest else {}}


def reveal_all(data: Any, fetch: Callable[[Secret], str]) -> Any:
    """Return data with its secrets; what only the cloud below knows has to be known by now."""

    def show(each: Any) -> Any:
        match each:
            case tuple():
                return reveal(each, fetch)
            case Secret():
                return fetch(each)
        return str(each) if isinstance(each, Reference) else each

    return map_values(data, show)
