"""Find what somebody changed in the account by hand."""

from collections.abc import Iterator
from typing import Any

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.drivers.files import make_state_folder
from platinfra.drivers.lock import stack_lock
from platinfra.model.drift import Drift
from platinfra.resolve.resolve import Resolved
from platinfra.targets.aws import labels
from platinfra.targets.aws.verbs import applications, session
from platinfra.targets.aws.verbs.attributes import find_differences
from platinfra.targets.aws.verbs.session import Session
from platinfra.targets.aws.verbs.stack import cloud_stack, site_on_aws
from platinfra.targets.kubernetes.verbs.drift import drift_of


def drift(stack: Resolved) -> list[Drift]:
    """Return what differs between the account and what was applied last; raise PlatinfraError when nothing was."""
    cloud = cloud_stack(stack)
    if not session.is_up(cloud, session.account_of(cloud)):
        raise PlatinfraError(
            Diagnostic("not-up", f"the stack `{cloud.place.stack}` is not up", hint="run `platinfra up`")
        )
    make_state_folder(cloud.workspace)
    with stack_lock(cloud.workspace.root, "drift"):
        with session.last_session(cloud) as made:
            found, outputs = _find_drift(made), made.terraform.output()
        if not site_on_aws(cloud.workspace).record().applied:
            return found
        return [*found, *drift_of(applications.open_session(cloud, outputs))]


def _find_drift(made: Session) -> list[Drift]:
    """Return what applying again would put back, of the resources that are no longer as the state says."""
    planned = made.terraform.plan(made.planfile)
    if not planned.drifted or not planned.changes:
        return []
    content = made.terraform.show(made.planfile)
    drifted = {each["address"] for each in content.get("resource_drift", [])}
    changes = (each for each in content["resource_changes"] if each["address"] in drifted)
    return [found for each in changes for found in _of_resource(each["address"], each["change"])]


def _of_resource(address: str, change: dict[str, Any]) -> Iterator[Drift]:
    component = labels.owner(address)
    if change["before"] is None:
        yield Drift(component, address, "", "exists", None)
        return
    if change["after"] is None or change["actions"] == ["no-op"]:
        return
    for path, now, applied in find_differences(change):
        yield Drift(component, address, path, applied, now)
