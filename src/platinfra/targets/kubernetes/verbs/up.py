"""Bring a stack into a cluster, or up to date there."""

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.drivers.files import make_state_folder
from platinfra.drivers.lock import stack_lock
from platinfra.engine.apply import Emit, Run, apply
from platinfra.engine.journal import Journal
from platinfra.resolve.resolve import Resolved
from platinfra.targets.answers import Applied, Talk
from platinfra.targets.kubernetes.actions import undo
from platinfra.targets.kubernetes.images import images
from platinfra.targets.kubernetes.plan import PLATFORM
from platinfra.targets.kubernetes.verbs import routes
from platinfra.targets.kubernetes.verbs.made import ensure, own_cluster, program_of
from platinfra.targets.kubernetes.verbs.plan import ClusterPlan, compare, with_earlier
from platinfra.targets.kubernetes.verbs.session import Session, open_session, refuse_impossible
from platinfra.targets.kubernetes.verbs.stack import bundle_of
from platinfra.targets.target import refuse_another_stack, refuse_removal, removal

_NEXT = "platinfra status · platinfra open NAME · platinfra drift · platinfra down"


def up(stack: Resolved, talk: Talk, *, move_ports: bool = False) -> Applied:
    """Apply a stack; raise PlatinfraError before anything is touched, ActionError when something failed."""
    del move_ports  # Services have theirs
    _make(stack, talk.emit)
    session = open_session(stack)
    make_state_folder(stack.workspace)
    with stack_lock(stack.workspace.root, "up"):
        done = bring_up(session, talk)
    waiting = routes.find_waiting(session.bundle, session.world.cluster)
    return Applied(done.describe(stack), tuple(addresses(done)), (*waiting, *notes(done)))


def addresses(done: ClusterPlan) -> list[tuple[str, str]]:
    """Return the namespace and the address of each page."""
    values = done.bundle.values
    pages = [
        (each.name, values.facts.address(each) or values.url(each, "http"))
        for each in values.graph.components.values()
        if "http" in values.tool(each).endpoints and not each.is_service
    ]
    return [("namespace", values.facts.place.namespace), *pages]


def notes(done: ClusterPlan) -> tuple[str, ...]:
    """Return what people should know, and the commands that come next."""
    same = ("nothing to do: the cluster matches the file",) if done.part.is_empty else ()
    return (*same, _NEXT)


def _make(stack: Resolved, emit: Emit) -> None:
    """Make the cluster where the file asks for one of its own on this machine."""
    program, found = program_of(stack), own_cluster(stack.workspace)
    if found and found.program != program:
        message = f"the stack runs in a cluster created by {found.program}"
        hint = "remove it first with `platinfra down --delete-data`, or use another environment for this one"
        raise PlatinfraError(Diagnostic("another-stack", message, hint=hint))
    if program:
        draft = bundle_of(stack)
        refuse_impossible(stack, draft)
        ensure(stack.workspace, program, draft.place.namespace, images(draft.values), emit)


def bring_up(session: Session, talk: Talk) -> ClusterPlan:
    """Apply what was looked at, under the stack's lock."""
    before, components = session.site.record(), session.plan.record.components
    refuse_another_stack(before, session.stack.graph.stack)
    changes = compare(session, before)
    refuse_removal(removal(changes, [*components, PLATFORM]), talk)
    for release in session.bundle.releases:
        session.world.charts.recover(release.name, release.namespace)
    if any(each.verb != "unchanged" for each in changes) or before.components != components:
        session.site.folder.mkdir(mode=0o700, exist_ok=True)
        journal = Journal(before, session.site.file.save)
        planned = with_earlier(session.plan, before)
        apply(planned, changes, Run(session.world, journal, talk.emit, undo))
    return ClusterPlan(session.bundle, changes)
