"""Start what is missing on this machine, change what differs, remove what is gone."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

from platinfra.diagnostics import PlatinfraError, refuse
from platinfra.drivers.files import LocalFiles, make_state_folder
from platinfra.drivers.lock import stack_lock
from platinfra.drivers.reservations import keep
from platinfra.engine.apply import Run, apply
from platinfra.engine.journal import Journal
from platinfra.model.audit import Act
from platinfra.model.plan import Change, Seen
from platinfra.resolve.resolve import Resolved
from platinfra.targets.answers import Applied, Talk
from platinfra.targets.local.actions import undo
from platinfra.targets.local.preflight import taken_ports
from platinfra.targets.local.verbs import existing, machine
from platinfra.targets.local.verbs.look import await_health
from platinfra.targets.local.verbs.plan import Prepared, prepare, with_strays
from platinfra.targets.target import refuse_another_stack, refuse_removal, removal

_NEXT = "platinfra status · platinfra open NAME · platinfra run -- CMD · platinfra down"


def up(stack: Resolved, talk: Talk, *, move_ports: bool = False) -> Applied:
    """Bring up a stack; raise PlatinfraError before anything is touched, ActionError when an action failed."""
    prepare(stack)
    refuse([*existing.find_missing(stack)])
    refuse([*existing.problems(stack)])
    make_state_folder(stack.workspace)
    with stack_lock(stack.workspace.root, "up"):
        prepared = prepare(stack, move_ports=move_ports, reserved=True)
        refuse_another_stack(prepared.before, stack.graph.stack)
        if _has_to_move(prepared, talk):
            prepared = prepare(stack, move_ports=True, reserved=True)
        return _apply(prepared, talk)


def _has_to_move(prepared: Prepared, talk: Talk) -> bool:
    """Tell whether ports are taken and may be others; raise PlatinfraError with all of them when they may not."""
    world = machine.world(prepared.stack.workspace)
    taken = taken_ports(prepared.plan, Seen(world, world.processes.statuses()))
    if taken and not talk.may_move([each.sentence for each in taken]):
        raise PlatinfraError(*(each.problem for each in taken))
    return bool(taken)


def _apply(prepared: Prepared, talk: Talk) -> Applied:
    existing.keep(prepared.stack.workspace, prepared.stack.graph)
    machine.begin_secrets(prepared.stack.workspace, prepared.stack.graph, prepared.stack.catalog)
    world = machine.world(prepared.stack.workspace)
    seen = Seen(world, world.processes.statuses())
    prepared = with_strays(prepared, seen)
    changes = prepared.plan.changes(prepared.before, seen)
    components = prepared.plan.record.components
    refuse_removal(removal(changes, [*components, "client"]), talk)
    workspace = prepared.stack.workspace
    if machine.read_ports(workspace) != prepared.ports:
        LocalFiles().write(workspace.root / "ports.json", json.dumps(prepared.ports, indent=1))
    run = Run(world, Journal(prepared.before, machine.record_file(workspace).save), talk.emit, undo)
    unchanged = all(each.verb == "unchanged" for each in changes)
    with nullcontext() if unchanged else _watch(prepared, changes, talk):
        try:
            if not unchanged or prepared.before.components != components:
                apply(prepared.plan, changes, run)
        finally:
            keep(prepared.ports.values(), workspace.root)
        await_health(workspace, run)
    addresses = tuple((name, each.url) for name, each in components.items() if each.url)
    same = ("nothing to do: everything runs as in the file",) if unchanged else ()
    return Applied(prepared.describe(changes), addresses, (*same, _NEXT))


@contextmanager
def _watch(prepared: Prepared, changes: Sequence[Change], talk: Talk) -> Iterator[None]:
    """Write down what is changed: verbs with the components whose parts they are."""
    stack = prepared.stack
    by_verb: dict[str, list[str]] = {}
    for each in changes:
        if each.verb != "unchanged" and each.component not in by_verb.setdefault(each.verb, []):
            by_verb[each.verb].append(each.component)
    before = {"components": sorted({each.component for each in prepared.before.applied.values()})}
    act = Act("up", stack.graph.stack, talk.why, before)
    with machine.audit_log(stack.workspace).watch(act) as after:
        after["changes"] = by_verb
        yield
