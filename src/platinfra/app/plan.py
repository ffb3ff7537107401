"""Say what `up` would do, without doing anything."""

from dataclasses import dataclass, replace
from pathlib import Path

from platinfra.app.workspace import TARGETS, Workspace, at
from platinfra.catalog.catalog import Catalog
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.plan import Change, Plan, Seen
from platinfra.model.state import State
from platinfra.resolve.resolve import Resolved


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with everything it was made from."""

    workspace: Workspace
    catalog: Catalog
    resolved: Resolved
    state: State
    ports: dict[str, int]
    plan: Plan | None
    """None for a target that this version cannot apply."""
    changes: list[Change]
    warnings: tuple[Diagnostic, ...]


def plan(
    file: Path | None, environment: str | None = None, without: tuple[str, ...] = (), *, applicable: bool = False
) -> Planned:
    """
    Compare a stack with what was applied last; raise PlatinfraError with every problem.

    With `applicable`, a target that this version cannot apply is one.
    """
    planned = prepare(at(file, environment), without)
    if planned.plan is None and applicable:
        raise PlatinfraError(replace(not_available(planned.resolved.graph.target), severity="error"))
    if planned.plan is None:
        return planned
    changes = planned.plan.changes(planned.state, _seen(planned.workspace))
    return replace(planned, changes=changes)


def _seen(workspace: Workspace) -> Seen | None:
    """Look at what runs, when anything was ever brought up; looking changes nothing."""
    from platinfra.app import local

    if not workspace.root.is_dir():
        return None
    world = local.world(workspace)
    return Seen(world, world.processes.statuses())


def prepare(
    workspace: Workspace, without: tuple[str, ...] = (), *, move_ports: bool = False, reserved: bool = False
) -> Planned:
    """Resolve a stack and plan it, not yet compared with the world."""
    catalog = workspace.catalog()
    resolved = workspace.resolve(catalog, without)
    graph = resolved.graph
    if graph.target not in TARGETS:
        return Planned(
            workspace, catalog, resolved, State(), {}, None, [], (*resolved.warnings, not_available(graph.target))
        )
    from platinfra.app import local  # start-up time: a target that cannot be applied needs none of it
    from platinfra.targets.local import plan as local_plan

    local.refuse_unusable(workspace, graph, catalog)
    state, recovered = local.load_state(workspace)
    kept = local.read_ports(workspace)
    kept = local.still_usable(workspace, kept) if move_ports else kept
    ports = local.assigned_ports(workspace, graph, catalog, kept, reserved=reserved)
    made = local_plan.plan(graph, catalog, local.machine(workspace, graph, catalog, ports))
    warnings = (*resolved.warnings, *([recovered] if recovered else []))
    return Planned(workspace, catalog, resolved, state, ports, made, [], warnings)


def not_available(target: str) -> Diagnostic:
    """Describe a target that this version can plan for and not apply."""
    hint = "an `environments:` entry with `provider: {name: local}` runs the same file on this machine"
    return Diagnostic(
        "target-not-available",
        f"this version cannot apply the target `{target}` yet: it shows components, wires and permissions",
        hint=hint,
        severity="warning",
    )
