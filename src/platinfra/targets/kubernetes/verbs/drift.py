"""Find what somebody changed by hand in the cluster."""

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.cluster import ref_of
from platinfra.model.drift import Drift
from platinfra.resolve.resolve import Resolved
from platinfra.targets.kubernetes.actions import ApplyObjects, InstallRelease
from platinfra.targets.kubernetes.drift import applied_objects, find_added, of_object, of_release
from platinfra.targets.kubernetes.verbs.session import Session, looking, open_session


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
    found: list[Drift] = []
    wanted = {ref_of(each) for objects in session.rendered.values() for each in objects} | applied_objects(before)
    for action in session.plan.actions:
        applied = before.applied.get(action.key)
        if applied is None or applied.digest != action.digest:
            continue  # the file changed since: that is what `plan` tells
        if isinstance(action, ApplyObjects):
            found += [
                each for one in action.lasting_objects(world) for each in of_object(action.component, one, cluster)
            ]
        elif isinstance(action, InstallRelease):
            found += of_release(
                action.component, action.release, session.rendered[action.key], cluster, world.charts.field_manager
            )
    roles = not session.bundle.place.is_confined
    return [*found, *find_added(wanted, namespace, cluster, roles=roles)]
