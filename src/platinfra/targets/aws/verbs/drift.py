"""Find what somebody changed in the account by hand."""

from collections.abc import Iterator
from typing import Any

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.drift import Drift
from platinfra.resolve.resolve import Resolved
from platinfra.targets.aws import labels
from platinfra.targets.aws.verbs import applications, session
from platinfra.targets.aws.verbs.session import Session
from platinfra.targets.aws.verbs.stack import cloud_stack, site_on_aws
from platinfra.targets.kubernetes.verbs.drift import drift_of

_HIDDEN = "(sensitive)"


def drift(stack: Resolved) -> list[Drift]:
    """Return what differs between the account and what was applied last; raise PlatinfraError when nothing was."""
    from platinfra.drivers.files import make_state_folder
    from platinfra.drivers.lock import stack_lock

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
    hidden = (change.get("before_sensitive"), change.get("after_sensitive"))
    for path, applied, now in _differences(change["after"], change["before"], ""):
        if _is_marked(change.get("after_unknown"), path):
            continue
        secret = any(_is_marked(each, path) for each in hidden)
        yield Drift(component, address, path, *((_HIDDEN, _HIDDEN) if secret else (applied, now)))


def _differences(before: Any, after: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield the innermost attributes that differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            yield from _differences(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _differences(one, other, f"{path}[{index}]")
    elif before != after:
        yield path, before, after


def _is_marked(marks: Any, path: str) -> bool:
    """Tell whether Terraform marks an attribute, or anything that holds it, as sensitive or as known later."""
    if marks is True:
        return True
    name, _, rest = path.replace("[", ".").replace("]", "").partition(".")
    if isinstance(marks, dict):
        return _is_marked(marks.get(name), rest)
    if isinstance(marks, list) and name.isdigit() and int(name) < len(marks):
        return _is_marked(marks[int(name)], rest)
    return False
