"""Restart one component."""

from pathlib import Path

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.drivers.lock import stack_lock
from platinfra.engine.apply import Run
from platinfra.engine.journal import Journal
from platinfra.model.audit import Act
from platinfra.model.plan import Progress
from platinfra.model.workspace import Workspace
from platinfra.targets.answers import Talk
from platinfra.targets.local.actions import undo
from platinfra.targets.local.ready import Address, await_ready
from platinfra.targets.local.verbs import machine
from platinfra.targets.local.verbs.running import Running, running
from platinfra.targets.target import chosen_component

_TIMEOUT = 180.0
"""Seconds until a restarted component has to be ready."""


def restart(workspace: Workspace, component: str, talk: Talk) -> None:
    """Stop and start the processes of a component, and wait until it is ready; raise ActionError when it is not."""
    running(workspace)
    with stack_lock(workspace.root, "restart"):
        stack = running(workspace, up=True)
        name = chosen_component(component, stack.components)
        if not stack.components[name].processes:
            raise PlatinfraError(Diagnostic("nothing-to-restart", f"`{name}` runs no process"))
        with machine.audit_log(workspace).watch(Act("restart", name, talk.why)) as after:
            _restart(stack, name, talk)
            after["restarted"] = list(stack.components[name].processes)


def _restart(stack: Running, name: str, talk: Talk) -> None:
    world = machine.world(stack.workspace)
    run = Run(world, Journal(stack.record, lambda _: None), talk.emit, undo)
    progress = Progress(lambda detail: run.say(name, "starting", detail), run.cancel.is_set)
    for process, log in stack.components[name].processes.items():
        run.say(name, "starting", process)
        world.processes.restart(process)
        await_ready(process, _addresses(stack, name, process), world, progress, _TIMEOUT, Path(log))
    run.say(name, "healthy")


def _addresses(stack: Running, component: str, process: str) -> tuple[Address, ...]:
    return tuple(
        Address(name, each.host, each.port, each.ready, each.probe, required=each.required)
        for name, each in stack.components[component].endpoints.items()
        if each.process == process
    )
