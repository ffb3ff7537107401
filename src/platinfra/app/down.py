"""Stop everything that the state names, and whatever else of the stack still runs."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from platinfra.app import local
from platinfra.app.kubernetes.made import notes
from platinfra.app.kubernetes.site import Site, last_site, own_site
from platinfra.app.workspace import Workspace, at
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.engine.apply import Emit, Run, remove
from platinfra.engine.journal import Journal
from platinfra.model.plan import Change
from platinfra.model.state import State
from platinfra.targets.local.actions import undo

Data = Literal["keep", "delete"]
"""What becomes of the stack's data."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a stack, for people."""

    told: str
    kept: tuple[str, ...] = ()
    """Where the data is that a cloud keeps."""


def down(
    file: Path | None, environment: str | None, emit: Emit, data: Data | None, agree: Callable[[str], bool]
) -> Ended:
    """Stop a stack, or remove it from AWS. `agree` is asked with the stack's name before data is deleted."""
    workspace = at(file, environment)
    if _is_on_aws(workspace):
        from platinfra.app.aws.down import cloud_down  # start-up time: other targets need none of it

        return cloud_down(workspace, emit, data, agree)
    if (site := _in_cluster(workspace)) is not None:
        from platinfra.app.kubernetes.down import cluster_down

        found = cluster_down(workspace, site, emit, agree if data == "delete" else None)
        kept = () if data == "delete" or not found else ("volumes and Secrets in the stack's namespace",)
        return Ended("everything is removed" if found else "nothing was running", kept)
    stopped = _down_here(workspace, emit, agree if data == "delete" else None)
    return Ended("everything is stopped" if stopped else "nothing was running")


def _is_on_aws(workspace: Workspace) -> bool:
    """Tell whether the stack is on AWS: by its state, or by its file where the state is lost."""
    if workspace.root.is_dir():
        target = _loaded(workspace).target
        if target:
            return target == "aws"
    if not workspace.file.is_file():
        return False
    try:
        return workspace.resolve(workspace.catalog()).graph.target == "aws"
    except PlatinfraError:
        return False


def _in_cluster(workspace: Workspace) -> Site | None:
    """Return the cluster that a stack was brought into, or that was made for it; none when the state is damaged."""
    if notes(workspace) is not None:
        return own_site(workspace, None, made=True)
    return last_site(workspace) if workspace.root.is_dir() and _loaded(workspace).target else None


def _down_here(workspace: Workspace, emit: Emit, delete_data: Callable[[str], bool] | None) -> bool:
    """Stop a stack on this machine; return False when there was none."""
    from platinfra.drivers.lock import stack_lock

    if not workspace.root.is_dir():
        return _stop_orphans(workspace)
    with stack_lock(workspace.root, "down"):
        state, ran = _loaded(workspace), _may_run(workspace)
        if delete_data is not None and not delete_data(state.stack or workspace.folder.name):
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
    return ran or bool(state.applied)


def _stop_orphans(workspace: Workspace) -> bool:
    """Stop what still runs although somebody removed the whole state folder; tell whether anything did."""
    own = local.processes(workspace)
    found = bool(own.statuses())
    if found:
        own.shutdown()
    return found


def _loaded(workspace: Workspace) -> State:
    """Return the state; an empty one when it is damaged: the processes themselves tell what has to be stopped."""
    try:
        return local.load_state(workspace)[0]
    except PlatinfraError as error:
        if error.diagnostics[0].code != "state-damaged":
            raise
        return State()


def _may_run(workspace: Workspace) -> bool:
    """Tell whether a supervisor was started since the stack was stopped last."""
    return (workspace.root / "run").is_dir()


def _unless_full(save: Callable[[Mapping[str, Any]], None]) -> Callable[[Mapping[str, Any]], None]:
    """Save the state where there is room: stopping must work on a full disk, and a stale state is put right by `up`."""

    def saved(data: Mapping[str, Any]) -> None:
        try:
            save(data)
        except PlatinfraError as error:
            if error.diagnostics[0].code != "disk-full":
                raise

    return saved


def _stop(workspace: Workspace, state: State, emit: Emit) -> None:
    from platinfra.drivers.state_file import StateFile

    world = local.world(workspace)
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
