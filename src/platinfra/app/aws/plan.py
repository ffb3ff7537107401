"""Say what `up` would do on AWS: from the rendered folder alone, or with Terraform when there are credentials."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from platinfra.app.aws.changes import CloudChange, cloud_changes
from platinfra.app.aws.stack import CloudStack, values_of
from platinfra.app.kubernetes.place import installs
from platinfra.app.workspace import Workspace
from platinfra.catalog.catalog import Catalog
from platinfra.resolve.resolve import Resolved
from platinfra.targets.aws.resources import Declared, called, declared
from platinfra.targets.aws.root import root

if TYPE_CHECKING:
    from platinfra.app.kubernetes.plan import ClusterPlan


@dataclass(frozen=True, slots=True)
class CloudPlan:
    """What a stack declares on AWS and, when the account was looked at, what would change there."""

    stack: CloudStack
    modules: tuple[tuple[str, str], ...]
    """Component and module of each call."""
    changes: list[CloudChange] | None
    """None when the account was not looked at."""
    offline: str = ""
    """Why it was not."""
    applications: "ClusterPlan | None" = None
    """What becomes of its applications; None on a machine, and where the account was not looked at."""

    def declared(self) -> list[Declared]:
        """Return the types of resources that each call declares; reads all modules."""
        return declared(*self.stack.with_state)


def cloud_plan(workspace: Workspace, resolved: Resolved, catalog: Catalog, *, offline: bool = False) -> CloudPlan:
    """Plan a stack; raise PlatinfraError for what is wrong with the file, the credentials or the account."""
    cloud = CloudStack(workspace, catalog, resolved, values_of(resolved, catalog))
    from platinfra.app.aws import session

    why = "`--offline` was given" if offline else session.why_offline(cloud.place)
    if why:
        return CloudPlan(cloud, called(root(cloud.values)), None, why)
    from platinfra.app.aws import applications

    changes, outputs = _changes(cloud)
    brought = applications.planned(cloud, outputs) if installs(resolved) else None
    return CloudPlan(cloud, called(cloud.with_state[0]), changes, applications=brought)


def _changes(cloud: CloudStack) -> tuple[list[CloudChange], dict[str, Any]]:
    """Ask Terraform, also for the outputs; before the first `up` there is no state, and every resource is new."""
    from platinfra.app.aws import session
    from platinfra.drivers.lock import stack_lock

    place = cloud.place
    cloud.workspace.prepare_root()
    with stack_lock(cloud.workspace.root, "plan"):
        backend = place.deployment.state == "local" or has_state(cloud)
        with session.session(cloud, backend=backend) as made:
            return cloud_changes(made.terraform.plan().changes), made.terraform.output()


def has_state(cloud: CloudStack) -> bool:
    """Tell whether the stack's state exists; an initialised folder knows without asking."""
    from platinfra.app.aws import session

    if (cloud.folder / ".terraform" / "terraform.tfstate").is_file():
        return True
    return session.is_up(cloud, session.account_of(cloud))
