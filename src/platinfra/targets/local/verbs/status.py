"""Return the health of each component on this machine."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from platinfra.drivers.http import HttpProbes
from platinfra.model.ports import Probes, ProcessStatus
from platinfra.model.workspace import Workspace
from platinfra.targets.answers import ComponentStatus
from platinfra.targets.local.health import WORST, health_of
from platinfra.targets.local.record import EndpointRecord, LocalComponent
from platinfra.targets.local.verbs import existing, machine
from platinfra.targets.local.verbs.running import Running, running

_PATIENCE = 180.0
"""Seconds in which a process that was started again may take to listen, as recipes have."""


def status(workspace: Workspace) -> list[ComponentStatus]:
    """Ask the supervisor and every readiness address."""
    stack = running(workspace)
    processes = machine.processes(stack.workspace)
    statuses = processes.statuses()
    probes = HttpProbes()

    def listening(name: str) -> Collection[int]:
        return {each.port for process in stack.components[name].processes for each in processes.listeners(process)}

    with ThreadPoolExecutor(8) as pool:
        return list(
            pool.map(lambda name: _component(name, stack, statuses, probes, lambda: listening(name)), stack.components)
        )


def _component(
    name: str,
    stack: Running,
    statuses: Mapping[str, ProcessStatus],
    probes: Probes,
    listening: Callable[[], Collection[int]],
) -> ComponentStatus:
    data = stack.components[name]
    own = [statuses.get(each) for each in data.processes]
    health, detail = _health(
        data, own, probes, listening, applied=any(each.component == name for each in stack.record.applied.values())
    )
    return ComponentStatus(
        name=name,
        tool=data.tool,
        stages=data.stages,
        health=health,
        detail=detail,
        version=_version(data),
        address=_address(data),
        memory=sum(each.memory for each in own if each),
        restarts=sum(each.restarts for each in own if each),
        permissions=sum(len(each.access) for each in data.bindings),
        seconds=min((each.seconds for each in own if each and each.pid), default=0.0),
    )


def _address(data: LocalComponent) -> str:
    endpoints = data.endpoints
    first = endpoints.get("http") or next(iter(endpoints.values()), None)
    if first is None:
        return ""
    return first.url if first.ready or "http" in endpoints else f"{first.host}:{first.port}"


def _health(
    data: LocalComponent,
    processes: Sequence[ProcessStatus | None],
    probes: Probes,
    listening: Callable[[], Collection[int]],
    *,
    applied: bool,
) -> tuple[str, str]:
    if data.at:
        return existing.health(data.at, data.endpoints.values())
    if not applied:
        return "stopped", ""
    if not processes:
        return "healthy", "nothing to run"
    own = listening()
    serves = any(each.port in own for each in data.endpoints.values())
    states = [(_process_health(each, serves=serves), each) for each in processes]
    worst = min(states, key=lambda each: WORST.index(each[0]))[0]
    if worst != "healthy":
        return worst, "; ".join(_process_detail(each) for health, each in states if each and health != "healthy")
    return _answers(data, probes, own, recent=any(each and each.seconds < _PATIENCE for each in processes))


def _process_health(process: ProcessStatus | None, *, serves: bool) -> str:
    """Return the health of a process; one that was started again counts once its component listens."""
    if process is None:
        return "stopped"
    if process.state == "starting" and process.restarts and not serves:
        return "starting"
    return {"running": "healthy", "starting": "healthy", "backoff": "failed", "failed": "failed"}.get(
        process.state, "stopped"
    )


def _process_detail(process: ProcessStatus) -> str:
    if process.state == "starting":
        return f"{process.name} is starting again, for the {_ordinal(process.restarts)} time"
    return f"{process.name} is {process.state}"


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in {11, 12, 13} else "th"
    return f"{number}{ending}"


def _answers(data: LocalComponent, probes: Probes, listening: Collection[int], *, recent: bool) -> tuple[str, str]:
    """Return the worst of what the endpoints say; `recent` when a process was started a moment ago."""
    found = [_answer(each, probes, listening, recent=recent) for each in data.endpoints.values() if each.ready]
    return min(found, key=lambda each: WORST.index(each[0]), default=("healthy", ""))


def _answer(endpoint: EndpointRecord, probes: Probes, listening: Collection[int], *, recent: bool) -> tuple[str, str]:
    if endpoint.port not in listening:
        return "starting" if recent else "failed", f"it does not listen on port {endpoint.port}"
    ready = str(endpoint.ready)
    return health_of(ready, probes.get(ready))


def _version(data: LocalComponent) -> str:
    """Return the version of the package that gives the tool its name, as its environment has it."""
    if not data.requirements:
        return ""
    lock = Path(data.folder) / data.requirements
    wanted = {data.tool, data.tool.removesuffix("-serving")}
    lines: list[str] = lock.read_text().splitlines() if lock.is_file() else []
    for line in lines:
        package, _, rest = line.partition("==")
        if package in wanted and rest:
            return str(rest.split()[0].rstrip("\\"))
    return ""
