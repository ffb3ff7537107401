"""Say what `up` would do on AWS: from the rendered folder alone, or with Terraform when there are credentials."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from platinfra.diagnostics import Diagnostic
from platinfra.model.plan import Change
from platinfra.resolve.resolve import Resolved
from platinfra.targets.answers import Part, Planned
from platinfra.targets.aws.costs import drivers
from platinfra.targets.aws.resources import find_calls
from platinfra.targets.aws.root import root
from platinfra.targets.aws.verbs.changes import changes_of
from platinfra.targets.aws.verbs.stack import CloudStack, cloud_stack

if TYPE_CHECKING:
    from platinfra.targets.kubernetes.verbs.plan import ClusterPlan


def plan(stack: Resolved, *, offline: bool = False, certain: bool = False) -> Planned:
    """
    Plan a stack; raise PlatinfraError for what is wrong with the file, the credentials or the account.

    Without credentials that is what the file declares; the plan says so, also to whoever wants to be `certain`.
    """
    from platinfra.targets.aws.verbs import session

    del certain
    cloud = cloud_stack(stack)
    why = "`--offline` was given" if offline else session.why_offline(cloud.place)
    if why:
        return planned_of(cloud, part_of(None, why, find_calls(root(cloud.values))))
    from platinfra.targets.aws.verbs import applications

    cloud = session.as_it_runs(cloud)
    changes, outputs = _changes(cloud)
    brought = applications.plan_applications(cloud, outputs) if cloud.installs else None
    return planned_of(cloud, part_of(changes), brought)


def planned_of(
    cloud: CloudStack, part: Part, brought: "ClusterPlan | None" = None, further: tuple[Diagnostic, ...] = ()
) -> Planned:
    """Return a plan as people see it: what Terraform does, then what is done in the cluster where there is one."""
    warnings = (*cloud.stack.warnings, *further, *(brought.bundle.unpinned if brought else ()))
    parts = (part, *((brought.part,) if brought else ()))
    return Planned(cloud.stack, parts, warnings, drivers(cloud.values, root(cloud.values)))


def part_of(changes: list[Change] | None, offline: str = "", modules: Iterable[tuple[str, str]] = ()) -> Part:
    """Return what Terraform would do, as people see it."""
    if changes is None:
        return Part("Terraform modules", None, f"The account was not checked: {offline}.", tuple(_rows(modules)))
    nothing = "nothing to do: the account matches the file"
    return Part("Changes", tuple(changes), nothing=nothing, summed=True)


def _rows(modules: Iterable[tuple[str, str]]) -> Iterable[Mapping[str, Any]]:
    """Return what is declared, a row for each component."""
    found: dict[str, dict[str, None]] = {}
    for component, module in modules:
        found.setdefault(component, {})[module] = None
    return ({"component": component, "modules": ", ".join(names)} for component, names in found.items())


def _changes(cloud: CloudStack) -> tuple[list[Change], dict[str, Any]]:
    """Ask Terraform, also for the outputs; before the first `up` there is no state, and every resource is new."""
    from platinfra.drivers.files import make_state_folder
    from platinfra.drivers.lock import stack_lock
    from platinfra.targets.aws.verbs import session

    make_state_folder(cloud.workspace)
    with stack_lock(cloud.workspace.root, "plan"):
        # An initialised folder knows of the state without asking.
        known = (cloud.folder / ".terraform" / "terraform.tfstate").is_file()
        local = cloud.place.deployment.state == "local"
        backend = local or known or session.is_up(cloud, session.account_of(cloud))
        with session.session(cloud, backend=backend) as made:
            planned = made.terraform.plan(made.planfile)
            return changes_of(planned.changes, made.show), made.terraform.output()
