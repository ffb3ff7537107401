"""Stop everything of a stack that its record names, and whatever else of it still runs on this machine."""

import shutil
from collections.abc import Callable
from dataclasses import replace

from platinfra.diagnostics import PlatinfraError
from platinfra.drivers.lock import stack_lock
from platinfra.engine.apply import Emit, Run, remove
from platinfra.engine.journal import Journal
from platinfra.model.plan import Change
from platinfra.model.workspace import Workspace
from platinfra.targets.answers import Data, Ended, Talk
from platinfra.targets.local.actions import undo
from platinfra.targets.local.layout import Layout
from platinfra.targets.local.record import LocalRecord
from platinfra.targets.local.verbs import machine
from platinfra.targets.target import not_confirmed


def down(workspace: Workspace, data: Data | None, talk: Talk) -> Ended:
    """Stop a stack; its data stays unless it is to be deleted and the user agrees."""
    stopped = _down(workspace, talk.emit, talk.may_delete if data == "delete" else None)
    return Ended("everything is stopped" if stopped else "nothing was running")


def _down(workspace: Workspace, emit: Emit, delete_data: Callable[[str], bool] | None) -> bool:
    """Stop a stack on this machine; return False when there was none."""
    if not workspace.root.is_dir():
        return _stop_orphans(workspace)
    with stack_lock(workspace.root, "down"):
        record = machine.record_file(workspace).load_readable()
        ran = (workspace.root / "run").is_dir()  # a supervisor was started since the stack was stopped last
        if delete_data is not None and not delete_data(record.stack or workspace.folder.name):
            raise not_confirmed("the data was not deleted", "type the stack's name to confirm")
        _stop(workspace, record, emit)
    if delete_data is not None:
        shutil.rmtree(workspace.root)
    return ran or bool(record.applied)


def _stop_orphans(workspace: Workspace) -> bool:
    """Stop what still runs although somebody removed the whole state folder; tell whether anything did."""
    own = machine.processes(workspace)
    found = bool(own.statuses())
    if found:
        own.shutdown()
    return found


def _unless_full(save: Callable[[LocalRecord], None]) -> Callable[[LocalRecord], None]:
    """Save the record where there is room: stopping must work on a full disk, and a stale record is put right by `up`."""

    def save_if_room(record: LocalRecord) -> None:
        try:
            save(record)
        except PlatinfraError as error:
            if error.diagnostics[0].code != "disk-full":
                raise

    return save_if_room


def _stop(workspace: Workspace, record: LocalRecord, emit: Emit) -> None:
    world = machine.world(workspace)
    journal = Journal(record, _unless_full(machine.record_file(workspace).save))
    run = Run(world, journal, emit, undo)
    changes = [
        Change("remove", key, each.component, f"stop {key.partition(':')[2]}")
        for key, each in reversed(list(record.applied.items()))
        if each.kind == "start"
    ]
    remove(changes, run)
    world.processes.shutdown()
    for component in record.components:
        world.files.remove(Layout(workspace.root).temporary(component))
    journal.replace(lambda each: replace(each, applied={}))
    for component in dict.fromkeys(each.component for each in changes):
        run.say(component, "stopped")
