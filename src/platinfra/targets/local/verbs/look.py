"""Look at a stack once more after `up` did what was to do: what runs as in the file may have failed all the same."""

import time
from collections.abc import Mapping

from platinfra.catalog.existing import PREFIX
from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.engine.apply import Run
from platinfra.model.workspace import Workspace
from platinfra.targets.answers import ComponentStatus
from platinfra.targets.local.verbs.status import status

_STARTING = 180.0
"""Seconds for what is starting again."""
_FAILED = 20.0
"""Seconds for what says that it failed: it may have asked another component that was not there yet."""
_RESTARTS = 3
_POLL = 0.5


def await_health(workspace: Workspace, run: Run) -> None:
    """Return once every component is fine; raise ActionError with what each of the others says."""
    began = time.monotonic()
    told: dict[str, str] = {}
    restarts: Mapping[str, int] | None = None
    while bad := [each for each in status(workspace) if not each.is_fine]:
        restarts = restarts or {each.name: each.restarts for each in bad}
        passed = time.monotonic() - began
        final = [each for each in bad if _is_final(each, passed, each.restarts - restarts.get(each.name, 0))]
        if final:
            raise ActionError(*(_problem(each, run) for each in bad))
        for each in bad:
            if told.get(each.name) != each.detail:
                told[each.name] = each.detail
                run.say(each.name, "starting", each.detail)
        time.sleep(_POLL)
    for name in told:
        run.say(name, "healthy")


def _is_final(each: ComponentStatus, passed: float, restarts: int) -> bool:
    patience = _STARTING if each.health == "starting" else _FAILED
    return passed > patience or restarts >= _RESTARTS


def _problem(each: ComponentStatus, run: Run) -> Diagnostic:
    run.say(each.name, "failed", each.detail)
    if each.tool.startswith(PREFIX):
        hint = "others run it: once it answers again, run `platinfra up` again"
        return Diagnostic("not-ready", f"`{each.name}` is {each.health}: {each.detail}", hint=hint)
    hint = f"see `platinfra logs {each.name}`; fix the cause and run `platinfra up` again, or `platinfra restart {each.name}`"
    return Diagnostic("not-ready", f"`{each.name}` is {each.health}: {each.detail or 'it says no more'}", hint=hint)
