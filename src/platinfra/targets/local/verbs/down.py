"""Stop everything of a stack that its record names, and whatever else of it still runs on this machine."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any

from platinfra.diagnostics import PlatinfraError
from platinfra.drivers import audit_log
from platinfra.drivers.files import LocalFiles
from platinfra.drivers.lock import stack_lock
from platinfra.engine.apply import Emit, Run, remove
from platinfra.engine.journal import Journal
from platinfra.model.audit import Act
from platinfra.model.plan import Change
from platinfra.model.workspace import Workspace
from platinfra.targets.answers import Data, Ended, Talk
from platinfra.targets.local.actions import undo
from platinfra.targets.local.layout import Layout
from platinfra.targets.local.record import LocalRecord
from platinfra.targets.local.verbs import machine
from platinfra.targets.target import not_confirmed

_STOPPED, _NOTHING = "everything is stopped", "nothing was running"
_OUTLIVES = frozenset((*audit_log.FILES, "lock", "lock.json"))
"""What of a stack outlives its data: who changed it, and who does so now."""


def down(workspace: Workspace, data: Data | None, talk: Talk) -> Ended:
    """Stop a stack; its data stays unless it is to be deleted and the user agrees."""
    if not workspace.root.is_dir():
        return Ended(_STOPPED if _stop_orphans(workspace) else _NOTHING)
    with stack_lock(workspace.root, "down"):
        record = machine.record_file(workspace).load_readable()
        ran = (workspace.root / "run").is_dir() or bool(
            record.applied
        )  # or a supervisor was started since it was stopped
        name = record.stack or workspace.folder.name
        deletes = data == "delete" and _has_data(workspace)
        if deletes and not talk.may_delete(name):
            raise not_confirmed("the data was not deleted", "type the stack's name to confirm")
        notes = [_STOPPED if ran else _NOTHING]
        before = {"components": sorted({each.component for each in record.applied.values()})}
        act = Act("down", name, talk.why, before)
        nothing: AbstractContextManager[dict[str, Any]] = nullcontext({})
        with _watch(workspace, act, notes) if ran or deletes else nothing as after:
            _stop(workspace, record, talk.emit)
            if deletes:
                _delete_data(workspace)
            after["data"] = "deleted" if deletes else "kept"
    return Ended("; ".join(notes))


@contextmanager
def _watch(workspace: Workspace, act: Act, notes: list[str]) -> Iterator[dict[str, Any]]:
    """Write down that a stack is stopped, where there is room: stopping must work on a full disk."""
    done = False
    try:
        with machine.audit_log(workspace).watch(act) as after:
            yield after
            done = True
    except PlatinfraError as error:
        if not done or error.diagnostics[0].code != "disk-full":
            raise
        notes.append("no space is left on the disk to write that into the audit log")


def _has_data(workspace: Workspace) -> bool:
    return any(each.name not in _OUTLIVES for each in workspace.root.iterdir())


def _delete_data(workspace: Workspace) -> None:
    """Remove all that a stack has, but for the log of who changed it."""
    for each in workspace.root.iterdir():
        if each.name not in _OUTLIVES:
            LocalFiles().remove(each)


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
