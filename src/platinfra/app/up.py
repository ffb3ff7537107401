"""Apply a plan: start what is missing, change what differs, remove what is gone."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from platinfra.app import local
from platinfra.app.plan import Planned, prepare, with_cluster
from platinfra.app.workspace import at
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.engine.apply import Emit, Run, apply
from platinfra.engine.journal import Journal
from platinfra.model.plan import Change, Plan, Seen
from platinfra.targets.local.actions import undo
from platinfra.targets.local.preflight import taken_ports
from platinfra.targets.local.taken import TakenPort

if TYPE_CHECKING:
    from platinfra.app.aws.up import Agree, CloudApplied

Confirm = Callable[[list[str]], bool]
"""Asks whether the named components may be removed."""
MayMove = Callable[[list[TakenPort]], bool]
"""Asks whether components whose ports are taken may have others."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What `up` did."""

    planned: Planned
    changes: list[Change]
    cloud: "CloudApplied | None" = None


def up(
    file: Path | None,
    environment: str | None,
    emit: Emit,
    confirm: Confirm,
    agree: "Agree",
    may_move: MayMove,
    *,
    without: tuple[str, ...] = (),
    move_ports: bool = False,
) -> Applied:
    """Bring up a stack; raise PlatinfraError before anything is touched, ActionError when an action failed."""
    from platinfra.drivers.lock import stack_lock

    workspace = at(file, environment)
    planned = prepare(workspace, without)
    if planned.resolved.graph.target == "aws":
        from platinfra.app.aws.up import cloud_up  # start-up time: other targets need none of it

        on_aws = cloud_up(workspace, emit, agree, confirm, without)
        brought = on_aws.applications
        return Applied(with_cluster(planned, brought), (brought and brought.changes) or [], on_aws)
    if planned.resolved.graph.target == "kubernetes":
        from platinfra.app.kubernetes.up import cluster_up

        made = cluster_up(workspace, emit, confirm, without)
        return Applied(with_cluster(planned, made), made.changes or [])
    _refuse(planned)
    workspace.prepare_root()
    with stack_lock(workspace.root, "up"):
        planned = prepare(workspace, without, move_ports=move_ports, reserved=True)
        _refuse_another_stack(planned)
        if _has_to_move(planned, may_move):
            planned = prepare(workspace, without, move_ports=True, reserved=True)
        return _apply(planned, emit, confirm)


def _refuse(planned: Planned) -> None:
    problems = [replace(each, severity="error") for each in planned.warnings if each.code == "placeholder"]
    if problems:
        raise PlatinfraError(*problems)


def _apply(planned: Planned, emit: Emit, confirm: Confirm) -> Applied:
    local.begin_secrets(planned.workspace, planned.resolved.graph)
    world = local.world(planned.workspace)
    statuses = world.processes.statuses()
    planned = replace(planned, state=local.with_strays(planned.state, statuses))
    assert planned.plan is not None
    changes = planned.plan.changes(planned.state, Seen(world, statuses))
    removed = _removed_components(planned.plan, changes)
    if removed and not confirm(removed):
        raise PlatinfraError(
            Diagnostic(
                "not-confirmed",
                f"`up` would remove {', '.join(removed)}",
                hint="nothing was touched; confirm with `--yes`",
            )
        )
    _keep_ports(planned)
    same = dict(planned.state.components) == dict(planned.plan.components)
    if not same or any(each.verb != "unchanged" for each in changes):
        apply(planned.plan, changes, Run(world, _journal(planned), emit, undo))
    return Applied(planned, changes)


def _has_to_move(planned: Planned, may_move: MayMove) -> bool:
    """Tell whether ports are taken and may be others; raise PlatinfraError with all of them when they may not."""
    assert planned.plan is not None
    world = local.world(planned.workspace)
    taken = taken_ports(planned.plan, Seen(world, world.processes.statuses()))
    if taken and not may_move(taken):
        raise PlatinfraError(*(each.problem for each in taken))
    return bool(taken)


def _refuse_another_stack(planned: Planned) -> None:
    """Raise PlatinfraError when the folder's state belongs to a stack of another name."""
    state, graph = planned.state, planned.resolved.graph
    if state.applied and state.stack not in {"", graph.stack}:
        message = f"the stack `{state.stack}` is up in this folder, and the file describes `{graph.stack}`"
        hint = "stop it with `platinfra down`, or give this file a folder or an environment of its own"
        raise PlatinfraError(Diagnostic("another-stack", message, hint=hint))


def _keep_ports(planned: Planned) -> None:
    import json

    from platinfra.drivers.files import LocalFiles

    if local.read_ports(planned.workspace) != planned.ports:
        LocalFiles().write(planned.workspace.root / "ports.json", json.dumps(planned.ports, indent=1))


def _journal(planned: Planned) -> Journal:
    from platinfra.drivers.state_file import StateFile

    assert planned.plan is not None
    graph = planned.resolved.graph
    journal = Journal(planned.state, StateFile(planned.workspace.root).save)
    journal.replace(
        replace(
            planned.state,
            stack=graph.stack,
            target=graph.target,
            components=planned.plan.components,
        )
    )
    return journal


def _removed_components(plan: Plan, changes: list[Change]) -> list[str]:
    return sorted({each.component for each in changes if each.verb == "remove"} - set(plan.components) - {"client"})
