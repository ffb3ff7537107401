"""Return the health of each component on this machine."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from platinfra.drivers.http import HttpProbes
from platinfra.model.ports import Probes, ProcessStatus
from platinfra.model.workspace import Workspace
from platinfra.targets.answers import ComponentStatus
from platinfra.targets.local.record import LocalComponent
from platinfra.targets.local.verbs import machine
from platinfra.targets.local.verbs.running import Running, running

_WORST = ("failed", "stopped", "starting", "waiting", "healthy")


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
    if not applied:
        return "stopped", ""
    if not processes:
        return "healthy", "nothing to run"
    states = [(_process_health(each), each) for each in processes]
    worst = min(states, key=lambda each: _WORST.index(each[0]))[0]
    if worst != "healthy":
        return worst, "; ".join(
            f"{each.name} is {each.state}" for _, each in states if each and each.state != "running"
        )
    return _answers(data, probes, listening())


def _process_health(process: ProcessStatus | None) -> str:
    if process is None:
        return "stopped"
    return {"running": "healthy", "starting": "healthy", "backoff": "failed", "failed": "failed"}.get(
        process.state, "stopped"
    )


def _answers(data: LocalComponent, probes: Probes, listening: Collection[int]) -> tuple[str, str]:
    for endpoint in data.endpoints.values():
        if endpoint.ready is None:
            continue
        if endpoint.port not in listening:
            return "failed", f"it does not listen on port {endpoint.port}"
        answer = probes.get(endpoint.ready)
        if not answer.ok:
            return "starting", f"{endpoint.ready} answers {answer.status or answer.text}"
        if waiting := _waiting_for(answer.text):
            return "waiting", f"for {waiting}"
    return "healthy", ""


def _waiting_for(text: str) -> str | None:
    if '"waiting_for"' not in text:
        return None
    try:
        data = json.loads(text)
    except ValueError:
        return None
    return str(data["waiting_for"]) if isinstance(data, dict) and data.get("waiting_for") else None


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
