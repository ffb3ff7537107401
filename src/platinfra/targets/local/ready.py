"""Wait until a process answers at the addresses that others will use."""

import time
from dataclasses import dataclass
from pathlib import Path

from platinfra.catalog.schema import Tool
from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.model.plan import Progress
from platinfra.model.ports import World

POLL = 0.1
"""Seconds between two questions to an address."""
LOOK = 1.0
"""Seconds between two looks at the process: the supervisor has other things to do."""
_LOG_LINES = 12
_MAX_RESTARTS = 3


@dataclass(frozen=True, slots=True)
class Address:
    """An endpoint and what it must answer."""

    name: str
    host: str
    port: int
    ready: str | None
    """URL that answers 2xx."""
    probe: str | None
    """API URL that answers 2xx through the wired address."""
    required: bool = True
    """Without URLs, whether it has to accept connections before the component is ready."""

    @property
    def is_awaited(self) -> bool:
        """Tell whether the component is not ready before the endpoint answers."""
        return bool(self.ready or self.probe or self.required)

    def answers(self, world: World) -> bool:
        """Tell whether the endpoint is ready."""
        urls = [url for url in (self.ready, self.probe) if url]
        if not urls:
            return not self.required or world.probes.connect(self.host, self.port)
        return all(world.probes.get(url).ok for url in urls)


def is_required(tool: Tool, endpoint: str) -> bool:
    """Tell whether an endpoint without URLs has to accept connections: where its process has no other sign of being ready."""
    recipe = tool.run.local
    served = [each.endpoints for each in recipe.processes.values() if endpoint in each.endpoints] if recipe else []
    return bool(served) and not any(tool.endpoints[name].ready for name in served[0])


def await_ready(
    process: str, addresses: tuple[Address, ...], world: World, progress: Progress, timeout: float, log: Path
) -> None:
    """Return once every address answers; raise ActionError with the last lines of the log otherwise."""
    deadline = time.monotonic() + timeout
    looked = 0.0
    waiting = list(addresses)
    while True:
        waiting = [each for each in waiting if not each.answers(world)]
        if not waiting or time.monotonic() - looked > LOOK:
            looked = time.monotonic()
            if _gave_up(process, world):
                raise _failure(process, "ends as soon as it starts", world, log)
        if not waiting:
            return
        if progress.cancelled():
            hint = "run `platinfra up` again to continue"
            raise ActionError(Diagnostic("interrupted", f"`{process}` was still starting", hint=hint))
        if time.monotonic() > deadline:
            asked = ", ".join(each.ready or f"{each.host}:{each.port}" for each in waiting)
            raise _failure(process, f"did not answer within {timeout:g} seconds ({asked})", world, log)
        time.sleep(POLL)


def _gave_up(process: str, world: World) -> bool:
    status = world.processes.statuses().get(process)
    if status is None:
        return True
    return status.state in {"failed", "stopped"} or status.restarts >= _MAX_RESTARTS


def _failure(process: str, what: str, world: World, log: Path) -> ActionError:
    component = process.partition(".")[0]
    lines = tuple(world.files.tail(log, _LOG_LINES))
    hint = f"its log: {log}; fix the cause and run `platinfra up` again (only what is missing is started)"
    return ActionError(
        Diagnostic("not-ready", f"`{component}`: the process `{process}` {what}", hint=hint, details=lines)
    )
