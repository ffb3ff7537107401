"""Say what `up` would do in a cluster: from the file alone, or compared with the cluster where it answers."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.cluster import Difference, ref_of
from platinfra.model.plan import Change, Plan
from platinfra.model.record import Record
from platinfra.resolve.resolve import Resolved
from platinfra.targets.answers import Part, Planned
from platinfra.targets.kubernetes.actions import ApplyObjects
from platinfra.targets.kubernetes.bundle import Bundle, Step
from platinfra.targets.kubernetes.confined import expectations
from platinfra.targets.kubernetes.record import ClusterRecord
from platinfra.targets.kubernetes.verbs.session import AT_ONCE, Session, looking, namespace_exists, open_session
from platinfra.targets.kubernetes.verbs.stack import bundle_of

_OFFLINE = frozenset({"cluster-unreachable", "kubectl-missing", "helm-missing", "no-context"})
"""What keeps `plan` from looking at the cluster and is no mistake in the file."""
_SHOWN = 6
"""Fields of one object that are named before the rest is counted."""


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

    def describe(self, stack: Resolved) -> Planned:
        """Return it as people see it, with what they should know."""
        return Planned(stack, (self.part,), (*stack.warnings, *self.bundle.unpinned))

    @property
    def part(self) -> Part:
        """Return it as people see it: the steps, or what would change of each."""
        if self.changes is None:
            steps = (
                {"wave": each.wave, "of": each.component or "stack", "what": what(each)} for each in self.bundle.steps
            )
            unseen = f"The cluster was not checked: {self.offline}."
            return Part("Steps", None, unseen, tuple(steps), notes=expectations(self.bundle))
        nothing = f"nothing to do: {len(self.changes)} unchanged"
        changes = tuple(self._show_differences(each) for each in self.changes)
        return Part("Actions", changes, nothing=nothing, notes=expectations(self.bundle))

    def _show_differences(self, change: Change) -> Change:
        """Return a step with what differs in its objects."""
        refs = {str(ref_of(each)) for step in self.bundle.steps if step.key == change.key for each in step.objects}
        paths = tuple(_fields(each) for each in self.differences if each.paths and str(each.ref) in refs)
        return replace(change, summary=f"{change.key}: {change.summary}", paths=paths)


def _fields(difference: Difference) -> str:
    """Return an object and the first of its fields that would change."""
    rest = len(difference.paths) - _SHOWN
    more = f" and {rest} more" if rest > 0 else ""
    return f"{difference.ref}: {', '.join(difference.paths[:_SHOWN])}{more}"


def plan(stack: Resolved, *, offline: bool = False, certain: bool = False) -> Planned:
    """Say what `up` would do; with `certain`, raise PlatinfraError when the cluster does not answer."""
    found = cluster_plan(stack, offline=offline)
    if certain and found.changes is None:
        raise PlatinfraError(Diagnostic("cluster-unreachable", found.offline))
    return found.describe(stack)


def cluster_plan(stack: Resolved, *, offline: bool = False) -> ClusterPlan:
    """Compare a stack with its cluster; raise PlatinfraError for what is wrong with the file or would not work there."""
    if offline:
        return ClusterPlan(bundle_of(stack), None, offline="`--offline` was given")
    return compared_with_cluster(lambda: open_session(stack), lambda: bundle_of(stack))


def compared_with_cluster(look: Callable[[], Session], planned: Callable[[], Bundle]) -> ClusterPlan:
    """Return what would change; where the cluster cannot be looked at, what is planned."""
    try:
        session = look()
    except PlatinfraError as error:
        if not {each.code for each in error.diagnostics} <= _OFFLINE:
            raise
        return ClusterPlan(planned(), None, offline=error.diagnostics[0].message)
    changes = compare(session, session.site.record())
    return ClusterPlan(session.bundle, changes, tuple(_differences(session, changes)))


def compare(session: Session, before: Record) -> list[Change]:
    """Compare a plan with what was applied last and with the cluster."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="compare") as pool:
        return session.plan.changes(before, looking(session.world), pool.map)


def what(step: Step) -> str:
    """Return the release or the objects of a step in a line."""
    if step.release:
        release = step.release
        return f"release {release.name} ({release.chart} {release.version}) in {release.namespace}"
    counts = Counter(str(each["kind"]) for each in step.objects)
    return ", ".join(kind if number == 1 else f"{number} {kind}" for kind, number in counts.items()) or "nothing"


def with_earlier(plan: Plan[ClusterRecord], before: Record) -> Plan[ClusterRecord]:
    """Return the plan with what its steps held when they were applied last, so that what left them goes."""
    actions = (
        action.after_record(before.applied[action.key].record)
        if isinstance(action, ApplyObjects) and action.key in before.applied
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
    objects = [each for action in actions for each in action.lasting_objects(world)]
    found = world.cluster.diff(objects, force=True)
    return [each for each in found if each.change != "unchanged"]
