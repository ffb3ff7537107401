"""Say what `up` would do on this machine, without doing anything."""

from dataclasses import dataclass, replace

from platinfra.diagnostics import Diagnostic
from platinfra.model.plan import Change, Plan, Seen
from platinfra.resolve.resolve import Resolved
from platinfra.targets.answers import Part, Planned
from platinfra.targets.local import plan as compiler
from platinfra.targets.local.record import LocalRecord
from platinfra.targets.local.verbs import existing, machine, refusals


@dataclass(frozen=True, slots=True)
class Prepared:
    """A stack's plan with what it was made from, not yet compared with what runs."""

    stack: Resolved
    before: LocalRecord
    """What was written down last."""
    ports: dict[str, int]
    plan: Plan[LocalRecord]
    warnings: tuple[Diagnostic, ...]

    def describe(self, changes: list[Change]) -> Planned:
        """Return the plan as people see it."""
        nothing = f"nothing to do: {len(changes)} unchanged"
        return Planned(self.stack, (Part("Actions", tuple(changes), nothing=nothing),), self.warnings)


def prepare(stack: Resolved, *, move_ports: bool = False, reserved: bool = False) -> Prepared:
    """Plan a stack; raise PlatinfraError for what this machine cannot run."""
    workspace, graph, catalog = stack.workspace, stack.graph, stack.catalog
    refusals.check(stack)
    before, recovered = machine.load_record(workspace)
    kept = machine.read_ports(workspace)
    kept = machine.still_usable(workspace, kept) if move_ports else kept
    ports = machine.assigned_ports(workspace, graph, catalog, kept, reserved=reserved)
    made = compiler.plan(graph, catalog, machine.machine(workspace, graph, catalog, ports))
    return Prepared(stack, before, ports, made, (*stack.warnings, *([recovered] if recovered else [])))


def missing_credentials(stack: Resolved) -> tuple[Diagnostic, ...]:
    """Return warnings of what `up` will ask for."""
    return tuple(replace(each, severity="warning") for each in existing.find_missing(stack))


def plan(stack: Resolved, *, offline: bool = False, certain: bool = False) -> Planned:
    """Compare a stack with what was applied last and with what runs, which is always here to be looked at."""
    del offline, certain
    prepared = prepare(stack)
    prepared = replace(prepared, warnings=(*prepared.warnings, *missing_credentials(stack)))
    return prepared.describe(prepared.plan.changes(prepared.before, _look(stack)))


def _look(stack: Resolved) -> Seen | None:
    """Look at what runs, when anything was ever brought up; looking changes nothing."""
    if not stack.workspace.root.is_dir():
        return None
    world = machine.world(stack.workspace)
    return Seen(world, world.processes.statuses())


def with_strays(prepared: Prepared, seen: Seen) -> Prepared:
    """Return a plan that knows the processes which run without being in the record."""
    return replace(prepared, before=machine.with_strays(prepared.before, seen.statuses))
