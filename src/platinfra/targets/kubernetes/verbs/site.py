"""Where the cluster of a stack is, and where it is written down what was applied there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platinfra.model.state import State
from platinfra.model.workspace import Workspace

if TYPE_CHECKING:
    from platinfra.drivers.state_file import StateFile

KUBECONFIG = "kubeconfig"
"""How to reach a cluster that platinfra made; the user's own file stays as it is."""


@dataclass(frozen=True, slots=True)
class Site:
    """A cluster as a stack reaches it."""

    folder: Path
    """Holds the state of what is in the cluster."""
    context: str | None = None
    kubeconfig: Path | None = None
    """None where the cluster is in the user's own."""

    @property
    def file(self) -> "StateFile":
        """Return the file of the state."""
        from platinfra.drivers.state_file import StateFile

        return StateFile(self.folder)

    def state(self) -> State:
        """Return what was applied last."""
        return State.from_data(self.file.load())


def own_site(workspace: Workspace, context: str | None, *, made: bool = False) -> Site:
    """Return the cluster of a stack that is nowhere else: one of the user's, or one that platinfra made for it."""
    return Site(workspace.root, context, workspace.root / KUBECONFIG if made else None)


def last_site(workspace: Workspace) -> Site | None:
    """Return the cluster that a stack was brought into, from the state alone; None when it is in none."""
    made = (workspace.root / KUBECONFIG).is_file()
    if not workspace.root.is_dir():
        return None
    state = Site(workspace.root).state()
    return own_site(workspace, about(state).get("context"), made=made) if state.target or made else None


def about(state: State) -> Mapping[str, Any]:
    """Return what is written down of any component: they are all in one cluster."""
    return next(iter(state.components.values()), {})
