"""Wait until the servers of a stack answer with the new champion of a model."""

import time
from collections.abc import Callable, Mapping

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.drivers.model_status import model_status
from platinfra.model.event import Event
from platinfra.model.registry import CHAMPION, Release, ServerStatus

_POLL = 0.5
"""Seconds between two looks."""


def await_served(
    servers: Mapping[str, str], release: Release, emit: Callable[[Event], None], patience: float
) -> tuple[str, ...]:
    """
    Return the servers that answer with the new champion; none where none follows it.

    Raises ActionError when one says that it cannot serve it, or does not within `patience` seconds.
    """
    began, told, done = time.monotonic(), dict[str, str](), list[str]()
    waiting = dict(servers)
    while waiting:
        passed = time.monotonic() - began
        for name, url in list(waiting.items()):
            found = model_status(url)
            if found and not found.follows(release.model, CHAMPION):
                del waiting[name]
            elif found and found.serves(release.after):
                del waiting[name]
                done.append(name)
                emit(Event(name, "healthy", f"answers with version {release.after}", passed))
            elif found and found.problem.startswith(f"version {release.after} "):
                raise _failure(name, release, found.problem)
            elif told.get(name) != (detail := _detail(found)):
                told[name] = detail
                emit(Event(name, "preparing", detail, passed))
        if waiting and passed > patience:
            name = next(iter(waiting))
            raise _failure(name, release, f"it did not answer with it within {patience:.0f} s: {told[name]}")
        if waiting:
            time.sleep(_POLL)
    return tuple(done)


def _detail(found: ServerStatus | None) -> str:
    if found is None:
        return "it does not say what it serves"
    now = f", version {found.version}" if found.version else ""
    return f"{found.status}{now}{f': {found.problem}' if found.problem else ''}"


def _failure(name: str, release: Release, why: str) -> ActionError:
    message = f"`{name}` does not serve version {release.after} of `{release.model}`: {why}"
    back = (
        f"`platinfra models rollback {release.model}` goes back to version {release.before}; " if release.before else ""
    )
    hint = f"the champion is version {release.after} now; {back}see `platinfra logs {name}`"
    return ActionError(Diagnostic("not-served", message, hint=hint))
