"""Take a stack out of its cluster, from the record alone."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace

from platinfra.drivers.lock import stack_lock
from platinfra.engine.apply import Emit, Run, remove
from platinfra.engine.journal import Journal
from platinfra.model.cluster import ObjectRef, ref_of
from platinfra.model.plan import Change
from platinfra.model.record import ActionRecord
from platinfra.model.workspace import Workspace
from platinfra.targets.answers import Data, Ended, Talk
from platinfra.targets.kubernetes.actions import GONE, ClusterWorld, kept_by_pause, pause, resource_of, undo
from platinfra.targets.kubernetes.bundle import ROUTES
from platinfra.targets.kubernetes.confined import is_of_the_cluster
from platinfra.targets.kubernetes.record import ClusterRecord
from platinfra.targets.kubernetes.verbs import made
from platinfra.targets.kubernetes.verbs.namespaces import is_ours
from platinfra.targets.kubernetes.verbs.session import world_of
from platinfra.targets.kubernetes.verbs.site import Site, last_site
from platinfra.targets.target import not_confirmed

_DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"
_KEPT = "volumes and Secrets in the stack's namespace"


def down(workspace: Workspace, data: Data | None, talk: Talk) -> Ended:
    """
    Remove what the record names, the last first.

    Unless data is deleted, volumes, Secrets and the namespace stay, and databases are told to rest; else all that goes
    too, also what an earlier `down` left, and a cluster that platinfra made goes as a whole.
    """
    site, delete = last_site(workspace), data == "delete"
    if site is None:
        return Ended("nothing was running")
    stays = _remove(workspace, site, talk.emit, talk.may_delete if delete else None)
    kept = () if delete or not site.record().kept else (_KEPT,)
    return Ended("nothing was running" if stays is None else "everything was removed", (*kept, *(stays or ())))


def _remove(
    workspace: Workspace, site: Site, emit: Emit, delete_data: Callable[[str], bool] | None
) -> tuple[str, ...] | None:
    """Remove a stack, and its data if somebody agrees; return what stays in the cluster, None when there was nothing."""
    with stack_lock(workspace.root, "down"):
        record = site.record()
        if delete_data is not None and not delete_data(record.stack or workspace.folder.name):
            raise not_confirmed("the data was not deleted", "type the stack's name to confirm")
        if delete_data is not None and made.delete(workspace, emit):
            shutil.rmtree(workspace.root)
            return ()
        if record.applied or (delete_data is not None and (record.kept or record.contents)):
            return take_out(site, emit, keep_data=delete_data is None)
    return None


def take_out(
    site: Site, emit: Emit, *, keep_data: bool, routes_gone: Callable[[], None] = lambda: None
) -> tuple[str, ...]:
    """
    Remove what the record names, under the stack's lock; what holds data stays in the record until it goes.

    `routes_gone` is called once no route is left, and everything else still runs. Returns what stays in the cluster
    although the data goes.
    """
    record = site.record()
    world = world_of(site, record.namespace)
    journal = Journal(record, site.file.save)
    if keep_data:
        left = {key: kept for key, each in record.applied.items() if (kept := kept_by_pause(each))}
        journal.replace(lambda each: each.keep(left))
    run = Run(world, journal, emit, pause if keep_data else undo)
    if found := run.journal.record.applied.get(ROUTES):
        remove([_removal(ROUTES, found)], run)
    routes_gone()
    _remove_applied(run)
    if not keep_data and record.kept:
        _remove_kept(run, world)
    if not keep_data and record.contents:
        _empty(run, world)
    return () if keep_data else tuple(_definitions(record, world))


def _definitions(record: ClusterRecord, world: ClusterWorld) -> Iterator[str]:
    """Yield a sentence with the definitions that the stack's operators brought and that Helm leaves behind."""
    releases = [each.record for each in (*record.applied.values(), *record.kept.values()) if each.kind == "release"]
    groups = {kind.partition("/")[0] for each in releases for kind in each["kinds"]}
    found = world.cluster.find(_DEFINITIONS) if groups and world.cluster.can_i("list", _DEFINITIONS) else []
    if names := sorted(each["metadata"]["name"] for each in found if each["spec"]["group"] in groups):
        yield f"definitions of kinds, which other stacks may use (`kubectl delete crd NAME` deletes one): {', '.join(names)}"


def _remove_applied(run: Run) -> None:
    applied = run.journal.record.applied
    remove([_removal(key, each) for key, each in reversed(list(applied.items()))], run)


def _remove_kept(run: Run, world: ClusterWorld) -> None:
    """Remove what an earlier `down` left, unless its namespace is somebody else's by now; then only the operators go."""
    record = run.journal.record
    place = world.cluster.get(ObjectRef("v1", "Namespace", record.namespace))
    ours = place is None or is_ours(place)
    left = {key: each for key, each in record.kept.items() if ours or each.kind == "release"}
    run.journal.replace(lambda each: replace(each, applied=left))
    _remove_applied(run)
    run.journal.replace(lambda each: replace(each, kept={}))


def _empty(run: Run, world: ClusterWorld) -> None:
    """Delete what is left in a namespace that stays, unless it is somebody else's by now."""
    record = run.journal.record
    place = world.cluster.get(ObjectRef("v1", "Namespace", record.namespace))
    for kind in record.contents if place and is_ours(place) else ():
        found = world.cluster.find(resource_of(kind), record.namespace)
        world.cluster.delete([ref_of(each) for each in found if not is_of_the_cluster(each)], GONE)
    run.journal.replace(lambda each: replace(each, contents=()))


def _removal(key: str, action: ActionRecord) -> Change:
    return Change("remove", key, action.component, f"remove {key.partition(':')[2] or key}")
