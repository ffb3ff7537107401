"""Restart one component."""

from pathlib import Path

from platinfra.app import local
from platinfra.app.running import running
from platinfra.app.workspace import chosen_component
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.engine.apply import Emit, Run
from platinfra.engine.journal import Journal
from platinfra.model.plan import Progress
from platinfra.targets.local.actions import undo
from platinfra.targets.local.ready import Address, await_ready

_TIMEOUT = 180.0
"""Seconds until a restarted component has to be ready."""


def restart(file: Path | None, environment: str | None, component: str, emit: Emit) -> None:
    """Stop and start the processes of a component, and wait until it is ready; raise ActionError when it is not."""
    from platinfra.drivers.lock import stack_lock

    stack = running(file, environment)
    name = chosen_component(component, dict(stack.components))
    data = stack.components[name]
    if not data["processes"]:
        raise PlatinfraError(Diagnostic("nothing-to-restart", f"`{name}` runs no process"))
    with stack_lock(stack.workspace.root, "restart"):
        world = local.world(stack.workspace)
        run = Run(world, Journal(stack.state, lambda _: None), emit, undo)
        progress = Progress(lambda detail: run.say(name, "starting", detail), run.cancel.is_set)
        for process, log in data["processes"].items():
            run.say(name, "starting", process)
            world.processes.restart(process)
            await_ready(process, (), world, progress, _TIMEOUT, Path(log))
        addresses = tuple(
            Address(key, each["host"], each["port"], each["ready"], None, required=False)
            for key, each in data["endpoints"].items()
        )
        last, log = list(data["processes"].items())[-1]
        await_ready(last, addresses, world, progress, _TIMEOUT, Path(log))
        run.say(name, "healthy")
