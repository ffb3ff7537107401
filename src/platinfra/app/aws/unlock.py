"""Release the lock of a state whose holder died."""

from collections.abc import Callable
from dataclasses import dataclass

from platinfra.app.aws import session
from platinfra.app.aws.stack import cloud_stack
from platinfra.app.workspace import Workspace
from platinfra.diagnostics import Diagnostic, PlatinfraError


@dataclass(frozen=True, slots=True)
class Lock:
    """Who holds the state of a stack, and since when."""

    stack: str
    who: str
    operation: str
    since: str


def unlock(workspace: Workspace, agree: Callable[[Lock], bool]) -> Lock | None:
    """Release the lock of a stack's state; return it, None when there was none. Raises PlatinfraError without consent."""
    from platinfra.drivers.aws_state import StateBucket

    cloud = cloud_stack(workspace)
    if cloud.place.deployment.state == "local":
        hint = "the system released it when its holder died"
        raise PlatinfraError(Diagnostic("nothing-to-unlock", "a local state has no lock that stays behind", hint=hint))
    bucket, key = StateBucket(session.account_of(cloud)), session.state_key(cloud.place)
    info = bucket.lock_info(key)
    if info is None:
        return None
    lock = Lock(cloud.place.stack, info.who, info.operation, info.since)
    if not agree(lock):
        hint = "nothing was touched; confirm with `--yes` once its holder is dead"
        raise PlatinfraError(Diagnostic("not-confirmed", "the lock was not released", hint=hint))
    bucket.break_lock(key)
    return lock
