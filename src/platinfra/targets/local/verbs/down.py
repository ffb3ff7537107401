"""Stop everything of a stack that the state names, and whatever else of it still runs on this machine."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from platinfra.diagnostics import PlatinfraError
from platinfra.engine.apply import Emit, Run, remove
from platinfra.engine.journal import Journal
from platinfra.model.plan import Change
from platinfra.model.state import State
from platinfra.model.workspace import Workspace
from platinfra.targets.answers import Data, Ended, Talk
from platinfra.targets.local.actions import undo
from platinfra.targets.local.verbs import machine
from platinfra.targets.target import not_confirmed


def down(workspace: Workspace, data: Data | None, talk: Talk) -> Ended:
    """Stop a stack; its data stays unless it is to be deleted and the user agrees."""
    stopped = _down(workspace, talk.emit, talk.may_delete if data == "delete" else None)
    return Ended("everything is stopped" if stopped else "nothing was running")


def _down(workspace: Workspace, emit: Emit, delete_data: Callable[[str], bool] | None) -> bool:
    """Stop a stack on this machine; return False when there was none."""
    from platinfra.drivers.lock import stack_lock

    if not workspace.root.is_dir():
        return _stop_orphans(workspace)
    with stack_lock(workspace.root, "down"):
        state, ran = _load_state(workspace), _may_run(workspace)
        if delete_data is not None and not delete_data(state.stack or workspace.folder.name):
            raise not_confirmed("the data was not deleted", "type the stack's name to confirm")
        _stop(workspace, state, emit)
    if delete_data is not None:
        shutil.rmtree(workspace.root)
    return ran or bool(state.applied)


def _stop_orphans(workspace: Workspace) -> bool:
    """Stop what still runs although somebody removed the whole state folder; tell whether anything did."""
    own = machine.processes(workspace)
    found = bool(own.statuses())
    if found:
        own.shutdown()
    return found


def _load_state(workspace: Workspace) -> State:
    """Return the state; an empty one when it is damaged: the processes themselves tell what has to be stopped."""
    try:
        return machine.load_state(workspace)[0]
    except PlatinfraError as error:
        if error.diagnostics[0].code != "state-damaged":
            raise
        return State()


def _may_run(workspace: Workspace) -> bool:
    """Tell whether a supervisor was started since the stack was stopped last."""
    return (workspace.root / "run").is_dir()


def _unless_full(save: Callable[[Mapping[str, Any]], None]) -> Callable[[Mapping[str, Any]], None]:
    """Save the state where there is room: stopping must work on a full disk, and a stale state is put right by `up`."""

    def save_if_room(data: Mapping[str, Any]) -> None:
        try:
            save(data)
        except PlatinfraError as error:
            if error.diagnostics[0].code != "disk-full":
                raise

    return save_if_room


def _stop(workspace: Workspace, state: State, emit: Emit) -> None:
    from platinfra.drivers.state_file import StateFile

    world = machine.world(workspace)
    journal = Journal(state, _unless_full(StateFile(workspace.root).save))
    run = Run(world, journal, emit, undo)
    changes = [
        Change("remove", key, each.component, f"stop {key.partition(':')[2]}")
        for key, each in reversed(list(state.applied.items()))
        if each.kind == "start"
    ]
    remove(changes, run)
    world.processes.shutdown()
    journal.replace(replace(journal.state, applied={}))
    for component in dict.fromkeys(each.component for each in changes):
        run.say(component, "stopped")
