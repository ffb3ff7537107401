"""Say what `up` would do, without doing anything."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from platinfra.app.workspace import Workspace, at
from platinfra.catalog.catalog import Catalog
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.plan import Change, Plan, Seen
from platinfra.model.state import State
from platinfra.resolve.resolve import Resolved

if TYPE_CHECKING:
    from platinfra.app.aws.plan import CloudPlan
    from platinfra.app.kubernetes.plan import ClusterPlan


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with everything it was made from."""

    workspace: Workspace
    catalog: Catalog
    resolved: Resolved
    state: State
    ports: dict[str, int]
    plan: Plan | None
    """None for a target that has another engine, or that this version cannot apply."""
    changes: list[Change]
    warnings: tuple[Diagnostic, ...]
    cloud: "CloudPlan | None" = None
    """What becomes of the stack on AWS, where Terraform is the engine."""
    cluster: "ClusterPlan | None" = None
    """What becomes of the stack in its cluster."""

    @property
    def is_empty(self) -> bool:
        """Tell whether `up` would change nothing."""
        if self.cloud is not None:
            return self.cloud.changes == [] and (self.cluster is None or self.cluster.is_empty)
        if self.cluster is not None:
            return self.cluster.is_empty
        return all(each.verb == "unchanged" for each in self.changes)


def plan(
    file: Path | None,
    environment: str | None = None,
    without: tuple[str, ...] = (),
    *,
    applicable: bool = False,
    offline: bool = False,
) -> Planned:
    """
    Compare a stack with what was applied last; raise PlatinfraError with every problem.

    With `applicable`, a cluster that does not answer is one. `offline` leaves accounts and clusters alone.
    """
    planned = prepare(at(file, environment), without)
    if planned.resolved.graph.target == "aws":
        from platinfra.app.aws.plan import cloud_plan  # start-up time: other targets need none of it

        cloud = cloud_plan(planned.workspace, planned.resolved, planned.catalog, offline=offline)
        return with_cluster(replace(planned, cloud=cloud), cloud.applications)
    if planned.plan is None:
        from platinfra.app.kubernetes.plan import cluster_plan

        made = cluster_plan(planned.workspace, planned.resolved, planned.catalog, without, offline=offline)
        if applicable and made.changes is None:
            raise PlatinfraError(Diagnostic("cluster-unreachable", made.offline))
        return with_cluster(planned, made)
    changes = planned.plan.changes(planned.state, _seen(planned.workspace))
    return replace(planned, changes=changes)


def with_cluster(planned: Planned, cluster: "ClusterPlan | None") -> Planned:
    """Return a plan with what becomes of the stack in its cluster, and what people should know about that."""
    if cluster is None:
        return planned
    return replace(planned, cluster=cluster, warnings=(*planned.warnings, *cluster.bundle.unpinned))


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
    if graph.target != "local":
        return Planned(workspace, catalog, resolved, State(), {}, None, [], resolved.warnings)
    from platinfra.app import local  # start-up time: a target that cannot be applied needs none of it
    from platinfra.targets.local import plan as local_plan

    local.refuse_unusable(workspace, graph)
    state, recovered = local.load_state(workspace)
    kept = local.read_ports(workspace)
    kept = local.still_usable(workspace, kept) if move_ports else kept
    ports = local.assigned_ports(workspace, graph, catalog, kept, reserved=reserved)
    made = local_plan.plan(graph, catalog, local.machine(workspace, graph, catalog, ports))
    warnings = (*resolved.warnings, *([recovered] if recovered else []))
    return Planned(workspace, catalog, resolved, state, ports, made, [], warnings)
