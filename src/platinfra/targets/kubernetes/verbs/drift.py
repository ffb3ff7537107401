"""Find what somebody changed by hand in the cluster."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.cluster import ref_of
from platinfra.model.drift import Drift
from platinfra.model.plan import Action
from platinfra.model.record import Record
from platinfra.resolve.resolve import Resolved
from platinfra.targets.kubernetes.actions import ApplyObjects, ClusterWorld, InstallRelease
from platinfra.targets.kubernetes.drift import applied_objects, find_added, of_objects, of_release
from platinfra.targets.kubernetes.verbs.session import AT_ONCE, Session, looking, open_session


def drift(stack: Resolved) -> list[Drift]:
    """Return what somebody changed in the cluster of a stack by hand."""
    return drift_of(open_session(stack))


def drift_of(session: Session) -> list[Drift]:
    """Return what differs between a cluster and what was applied there last."""
    before = session.site.record()
    name = session.stack.graph.stack
    if not before.applied:
        raise PlatinfraError(Diagnostic("not-up", f"the stack `{name}` is not up", hint="run `platinfra up`"))
    namespace, cluster = session.bundle.place.namespace, session.world.cluster
    world = looking(session.world).world
    wanted = {ref_of(each) for objects in session.rendered.values() for each in objects} | applied_objects(before)
    # Where the file changed since, `plan` tells how.
    same = [each for each in session.plan.actions if _digest_of(before, each.key) == each.digest]
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="drift") as pool:
        found = [drift for drifts in pool.map(lambda each: list(_drifts(each, world)), same) for drift in drifts]
    roles = not session.bundle.place.is_confined
    return [*found, *find_added(wanted, namespace, cluster, roles=roles)]


def _digest_of(before: Record, key: str) -> str | None:
    applied = before.applied.get(key)
    return applied.digest if applied else None


def _drifts(action: Action, world: ClusterWorld) -> Iterator[Drift]:
    if isinstance(action, ApplyObjects):
        yield from of_objects(action.component, action.lasting_objects(world), world.cluster)
    elif isinstance(action, InstallRelease):
        manager = world.charts.field_manager
        yield from of_release(action.component, action.release, action.objects, world.cluster, manager)
