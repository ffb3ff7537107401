"""Take a stack out of its cluster, from the record alone."""

import shutil
from collections.abc import Callable
from dataclasses import replace

from platinfra.engine.apply import Emit, Run, remove
from platinfra.engine.journal import Journal
from platinfra.model.plan import Change
from platinfra.model.workspace import Workspace
from platinfra.targets.answers import Data, Ended, Talk
from platinfra.targets.kubernetes.actions import pause, undo
from platinfra.targets.kubernetes.verbs import made
from platinfra.targets.kubernetes.verbs.session import world_of
from platinfra.targets.kubernetes.verbs.site import Site, last_site
from platinfra.targets.target import not_confirmed


def down(workspace: Workspace, data: Data | None, talk: Talk) -> Ended:
    """
    Remove what the record names, the last first.

    Unless data is deleted, volumes, Secrets and the namespace stay, and databases are told to rest; else a cluster
    that platinfra made goes as a whole.
    """
    site, delete = last_site(workspace), data == "delete"
    if site is None or not _remove(workspace, site, talk.emit, talk.may_delete if delete else None):
        return Ended("nothing was running")
    return Ended("everything was removed", () if delete else ("volumes and Secrets in the stack's namespace",))


def _remove(workspace: Workspace, site: Site, emit: Emit, delete_data: Callable[[str], bool] | None) -> bool:
    """Remove a stack, and its data if somebody agrees; return False when there was nothing."""
    from platinfra.drivers.lock import stack_lock

    with stack_lock(workspace.root, "down"):
        record = site.record()
        if delete_data is not None and not delete_data(record.stack or workspace.folder.name):
            raise not_confirmed("the data was not deleted", "type the stack's name to confirm")
        if delete_data is not None and made.delete(workspace, emit):
            shutil.rmtree(workspace.root)
            return True
        if record.applied:
            take_out(site, emit, keep_data=delete_data is None)
    return bool(record.applied)


def take_out(site: Site, emit: Emit, *, keep_data: bool) -> None:
    """Remove what the record names, under the stack's lock."""
    record = site.record()
    world = world_of(site, record.namespace)
    journal = Journal(record, site.file.save)
    run = Run(world, journal, emit, pause if keep_data else undo)
    changes = [
        Change("remove", key, each.component, f"remove {key.partition(':')[2] or key}")
        for key, each in reversed(list(record.applied.items()))
    ]
    remove(changes, run)
    journal.replace(lambda each: replace(each, applied={}))
