"""Take a stack out of its cluster, from the state alone."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from platinfra.app.kubernetes.session import world_of
from platinfra.app.workspace import Workspace
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.engine.apply import Emit, Run, remove
from platinfra.engine.journal import Journal
from platinfra.model.plan import Change
from platinfra.model.state import State
from platinfra.targets.kubernetes.actions import pause, undo
from platinfra.targets.kubernetes.place import prefix


def cluster_down(workspace: Workspace, state: State, emit: Emit, delete_data: Callable[[str], bool] | None) -> bool:
    """
    Remove what the state names, the last first; return False when there was nothing.

    Without `delete_data` volumes, Secrets and the namespace stay, and databases are told to rest.
    """
    from platinfra.drivers.lock import stack_lock
    from platinfra.drivers.state_file import StateFile

    with stack_lock(workspace.root, "down"):
        if delete_data is not None and not delete_data(state.stack):
            hint = "nothing was touched; type the stack's name to confirm"
            raise PlatinfraError(Diagnostic("not-confirmed", "the data was not deleted", hint=hint))
        about = _about(state)
        world = world_of(about.get("context"), prefix(state.stack, workspace.environment))
        journal = Journal(state, StateFile(workspace.root).save)
        run = Run(world, journal, emit, pause if delete_data is None else undo)
        remove([_change(key, each) for key, each in reversed(list(state.applied.items()))], run)
        journal.replace(replace(journal.state, applied={}))
    return bool(state.applied)


def _about(state: State) -> Mapping[str, Any]:
    """Return where the stack was brought to."""
    return next(iter(state.components.values()), {})


def _change(key: str, applied: Any) -> Change:
    return Change("remove", key, applied.component, f"remove {key.partition(':')[2] or key}")
