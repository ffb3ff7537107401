"""Bring a stack into a cluster, or up to date there."""

from collections.abc import Callable
from dataclasses import replace

from platinfra.app.kubernetes.plan import ClusterPlan, compared, with_earlier
from platinfra.app.kubernetes.session import Session, opened, refuse_impossible
from platinfra.app.kubernetes.stack import ClusterStack, bundle_of
from platinfra.app.workspace import Workspace
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.engine.apply import Emit, Run, apply
from platinfra.engine.journal import Journal
from platinfra.model.plan import Change
from platinfra.model.state import State
from platinfra.targets.kubernetes.actions import undo
from platinfra.targets.kubernetes.plan import PLATFORM

Confirm = Callable[[list[str]], bool]


def cluster_up(workspace: Workspace, emit: Emit, confirm: Confirm, without: tuple[str, ...] = ()) -> ClusterPlan:
    """Apply a stack; raise PlatinfraError before anything is touched, ActionError when something failed."""
    from platinfra.drivers.lock import stack_lock

    _make(workspace, emit, without)
    session = opened(workspace, without)
    workspace.prepare_root()
    with stack_lock(workspace.root, "up"):
        return bring_up(session, emit, confirm)


def _make(workspace: Workspace, emit: Emit, without: tuple[str, ...]) -> None:
    """Make the cluster where the file asks for one of its own on this machine."""
    from platinfra.app.kubernetes.made import ensure, notes, program_of
    from platinfra.targets.kubernetes.images import images

    catalog = workspace.catalog()
    resolved = workspace.resolve(catalog, without)
    program, found = program_of(resolved), notes(workspace)
    if found and found.program != program:
        message = f"the stack is in a cluster that {found.program} made"
        hint = "remove that first with `platinfra down --delete-data`, or give this one an environment of its own"
        raise PlatinfraError(Diagnostic("another-stack", message, hint=hint))
    if program:
        stack = ClusterStack(workspace, catalog, resolved, bundle_of(resolved, catalog))
        refuse_impossible(stack)
        ensure(workspace, program, stack.bundle.place.namespace, images(stack.bundle.values), emit)


def bring_up(session: Session, emit: Emit, confirm: Confirm) -> ClusterPlan:
    """Apply what was looked at, under the stack's lock."""
    state = session.site.state()
    _refuse_another_stack(state, session)
    changes = compared(session, state)
    _ask(session, changes, confirm)
    for release in session.bundle.releases:
        session.world.charts.recover(release.name, release.namespace)
    if any(each.verb != "unchanged" for each in changes) or not state.components:
        planned = with_earlier(session.plan, state)
        apply(planned, changes, Run(session.world, _journal(state, session), emit, undo))
    return ClusterPlan(session.bundle, changes)


def _ask(session: Session, changes: list[Change], confirm: Confirm) -> None:
    gone = {each.component for each in changes if each.verb == "remove"}
    removed = sorted(gone - {*session.plan.components, PLATFORM})
    if removed and not confirm(removed):
        message = f"`up` would remove {', '.join(removed)}"
        raise PlatinfraError(Diagnostic("not-confirmed", message, hint="nothing was touched; confirm with `--yes`"))


def _refuse_another_stack(state: State, session: Session) -> None:
    name = session.stack.resolved.graph.stack
    if state.applied and (state.stack, state.target) != (name, "kubernetes"):
        message = f"the stack `{state.stack}` ({state.target}) is up in this folder, and the file describes `{name}`"
        hint = "stop it with `platinfra down`, or give this file a folder or an environment of its own"
        raise PlatinfraError(Diagnostic("another-stack", message, hint=hint))


def _journal(state: State, session: Session) -> Journal:
    session.site.folder.mkdir(mode=0o700, exist_ok=True)
    journal = Journal(state, session.site.file.save)
    name = session.stack.resolved.graph.stack
    journal.replace(replace(state, stack=name, target="kubernetes", components=session.plan.components))
    return journal
