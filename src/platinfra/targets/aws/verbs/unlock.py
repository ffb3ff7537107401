"""Release the lock that a dead command left behind."""

from collections.abc import Callable

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.resolve.resolve import Resolved
from platinfra.targets.answers import Lock
from platinfra.targets.aws.verbs import session
from platinfra.targets.aws.verbs.stack import cloud_stack, state_key
from platinfra.targets.target import not_confirmed


def unlock(stack: Resolved, agree: Callable[[Lock], bool]) -> Lock | None:
    """Release the lock of a stack's state; return it, None when there was none. Raises PlatinfraError without consent."""
    from platinfra.drivers.aws_state import StateBucket

    cloud = cloud_stack(stack)
    key = state_key(cloud.place)
    if key is None:
        hint = "the system released it when its process ended"
        raise PlatinfraError(Diagnostic("nothing-to-unlock", "a local state has no lock to release", hint=hint))
    bucket = StateBucket(session.account_of(cloud))
    info = bucket.lock_info(key)
    if info is None:
        return None
    lock = Lock(cloud.place.stack, info.who, info.operation, info.since)
    if not agree(lock):
        raise not_confirmed("the lock was not released", "confirm with `--yes` once the command that held it is dead")
    bucket.break_lock(key)
    return lock
