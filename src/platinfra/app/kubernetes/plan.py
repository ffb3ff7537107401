"""Say what `up` would do in a cluster: from the file alone, or compared with the cluster where it answers."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from platinfra.app.kubernetes.session import Session, looking, namespace_exists, opened
from platinfra.app.kubernetes.stack import bundle_of
from platinfra.app.workspace import Workspace
from platinfra.catalog.catalog import Catalog
from platinfra.diagnostics import PlatinfraError
from platinfra.model.cluster import Difference, ref_of
from platinfra.model.plan import Change, Plan
from platinfra.model.state import State
from platinfra.resolve.resolve import Resolved
from platinfra.targets.kubernetes.actions import ApplyObjects
from platinfra.targets.kubernetes.bundle import Bundle

_OFFLINE = frozenset({"cluster-unreachable", "kubectl-missing", "helm-missing", "no-context"})
"""What keeps `plan` from looking at the cluster and is no mistake in the file."""


@dataclass(frozen=True, slots=True)
class ClusterPlan:
    """What a stack is in a cluster and, when that was looked at, what would change there."""

    bundle: Bundle
    changes: list[Change] | None
    """None when the cluster was not looked at."""
    differences: tuple[Difference, ...] = ()
    """What would become of each object of ours that is not as it should be."""
    offline: str = ""
    """Why it was not looked at."""

    @property
    def is_empty(self) -> bool:
        """Tell whether the cluster was looked at and `up` would change nothing."""
        return self.changes is not None and all(each.verb == "unchanged" for each in self.changes)


def cluster_plan(
    workspace: Workspace,
    resolved: Resolved,
    catalog: Catalog,
    without: tuple[str, ...] = (),
    *,
    offline: bool = False,
) -> ClusterPlan:
    """Compare a stack with its cluster; raise PlatinfraError for what is wrong with the file or would not work there."""
    if offline:
        return ClusterPlan(bundle_of(resolved, catalog), None, offline="`--offline` was given")
    return compared_with_cluster(lambda: opened(workspace, without), lambda: bundle_of(resolved, catalog))


def compared_with_cluster(look: Callable[[], Session], planned: Callable[[], Bundle]) -> ClusterPlan:
    """Return what would change; where the cluster cannot be looked at, what is planned."""
    try:
        session = look()
    except PlatinfraError as error:
        if not {each.code for each in error.diagnostics} <= _OFFLINE:
            raise
        return ClusterPlan(planned(), None, offline=error.diagnostics[0].message)
    changes = compared(session, session.site.state())
    return ClusterPlan(session.bundle, changes, tuple(_differences(session, changes)))


def compared(session: Session, state: State) -> list[Change]:
    """Compare a plan with what was applied last and with the cluster."""
    return session.plan.changes(state, looking(session.world))


def with_earlier(plan: Plan, state: State) -> Plan:
    """Return the plan with what its steps held when they were applied last, so that what left them goes."""
    actions = (
        action.after_record(state.applied[action.key].record)
        if isinstance(action, ApplyObjects) and action.key in state.applied
        else action
        for action in plan.actions
    )
    return replace(plan, actions=tuple(actions))


def _differences(session: Session, changes: list[Change]) -> list[Difference]:
    changed = {each.key for each in changes if each.verb != "unchanged"}
    actions = [each for each in session.plan.actions if isinstance(each, ApplyObjects) and each.key in changed]
    if not namespace_exists(session.bundle, session.world.cluster):
        return [Difference(ref_of(each), "create") for action in actions for each in action.objects]
    world = looking(session.world).world
    found = [each for action in actions for each in world.cluster.diff(action.written(world), force=True)]
    return [each for each in found if each.change != "unchanged"]
