"""Say what `up` would do on AWS: from the rendered folder alone, or with Terraform when there are credentials."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from platinfra.model.plan import Change
from platinfra.resolve.resolve import Resolved
from platinfra.targets.answers import Part, Planned
from platinfra.targets.aws.resources import find_calls
from platinfra.targets.aws.root import root
from platinfra.targets.aws.verbs.changes import changes_of
from platinfra.targets.aws.verbs.stack import CloudStack, cloud_stack

if TYPE_CHECKING:
    from platinfra.targets.kubernetes.verbs.plan import ClusterPlan


@dataclass(frozen=True, slots=True)
class CloudPlan:
    """What a stack declares on AWS and, when the account was looked at, what would change there."""

    stack: CloudStack
    modules: tuple[tuple[str, str], ...]
    """Component and module of each call."""
    changes: list[Change] | None
    """None when the account was not looked at."""
    offline: str = ""
    """Why it was not."""
    applications: "ClusterPlan | None" = None
    """What becomes of its applications; None on a machine, and where the account was not looked at."""

    @property
    def description(self) -> Planned:
        """Return it as people see it: what Terraform does, then what is done in the cluster."""
        stack, applications = self.stack.stack, self.applications
        parts = (part_of(self.changes, self.offline, self.modules), *((applications.part,) if applications else ()))
        return Planned(stack, parts, (*stack.warnings, *(applications.bundle.unpinned if applications else ())))


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


def plan(stack: Resolved, *, offline: bool = False, certain: bool = False) -> Planned:
    """Say what `up` would do; without credentials that is what the file declares, and whoever asks is told so."""
    del certain
    return cloud_plan(cloud_stack(stack), offline=offline).description


def cloud_plan(cloud: CloudStack, *, offline: bool = False) -> CloudPlan:
    """Plan a stack; raise PlatinfraError for what is wrong with the file, the credentials or the account."""
    from platinfra.targets.aws.verbs import session

    why = "`--offline` was given" if offline else session.why_offline(cloud.place)
    if why:
        return CloudPlan(cloud, find_calls(root(cloud.values)), None, why)
    from platinfra.targets.aws.verbs import applications

    changes, outputs = _changes(cloud)
    brought = applications.plan_applications(cloud, outputs) if cloud.installs else None
    return CloudPlan(cloud, find_calls(cloud.with_state[0]), changes, applications=brought)


def _changes(cloud: CloudStack) -> tuple[list[Change], dict[str, Any]]:
    """Ask Terraform, also for the outputs; before the first `up` there is no state, and every resource is new."""
    from platinfra.drivers.files import make_state_folder
    from platinfra.drivers.lock import stack_lock
    from platinfra.targets.aws.verbs import session

    make_state_folder(cloud.workspace)
    with stack_lock(cloud.workspace.root, "plan"):
        backend = cloud.place.deployment.state == "local" or has_state(cloud)
        with session.session(cloud, backend=backend) as made:
            return changes_of(made.terraform.plan().changes), made.terraform.output()


def has_state(cloud: CloudStack) -> bool:
    """Tell whether the stack's state exists; an initialised folder knows without asking."""
    from platinfra.targets.aws.verbs import session

    if (cloud.folder / ".terraform" / "terraform.tfstate").is_file():
        return True
    return session.is_up(cloud, session.account_of(cloud))
