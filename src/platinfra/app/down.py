"""Stop everything that the state names, and whatever else of the stack still runs."""

import shutil
from collections.abc import Callable
from pathlib import Path

from platinfra.app import local
from platinfra.app.workspace import Workspace, at
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.engine.apply import Emit, Run, remove
from platinfra.engine.journal import Journal
from platinfra.model.plan import Change
from platinfra.model.state import State
from platinfra.targets.local.actions import undo


def down(
    file: Path | None, environment: str | None, emit: Emit, *, delete_data: Callable[[str], bool] | None = None
) -> bool:
    """Stop a stack; return False when there was none. `delete_data` is asked for consent with the stack's name."""
    from platinfra.drivers.lock import stack_lock

    workspace = at(file, environment)
    if not workspace.root.is_dir():
        return False
    with stack_lock(workspace.root, "down"):
        state, _ = local.load_state(workspace)
        if delete_data is not None and not delete_data(state.stack):
            raise PlatinfraError(
                Diagnostic(
                    "not-confirmed",
                    "the data was not deleted",
                    hint="nothing was touched; type the stack's name to confirm",
                )
            )
        _stop(workspace, state, emit)
    if delete_data is not None:
        shutil.rmtree(workspace.root)
    return bool(state.applied)


def _stop(workspace: Workspace, state: State, emit: Emit) -> None:
    from platinfra.drivers.state_file import StateFile

    world = local.world(workspace)
    run = Run(world, Journal(state, StateFile(workspace.root).save), emit, undo)
    changes = [
        Change("remove", key, each.component, f"stop {key.partition(':')[2]}")
        for key, each in reversed(list(state.applied.items()))
        if each.kind == "start"
    ]
    remove(changes, run)
    world.processes.shutdown()
    rest = [
        Change("remove", key, each.component, key) for key, each in reversed(list(run.journal.state.applied.items()))
    ]
    for change in rest:
        run.journal.forget(change.key)
    for component in dict.fromkeys(each.component for each in changes):
        run.say(component, "stopped")
