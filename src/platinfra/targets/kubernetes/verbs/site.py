"""Where the cluster of a stack is, and where it is written down what was applied there."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from platinfra.model.workspace import Workspace
from platinfra.targets.folder import KUBECONFIG
from platinfra.targets.kubernetes.record import ClusterRecord

if TYPE_CHECKING:
    from platinfra.drivers.record_file import RecordFile


@dataclass(frozen=True, slots=True)
class Site:
    """A cluster as a stack reaches it."""

    folder: Path
    """Holds the record of what is in the cluster."""
    context: str | None = None
    kubeconfig: Path | None = None
    """None where the cluster is in the user's own."""

    @property
    def file(self) -> "RecordFile[ClusterRecord]":
        """Return the file of the record."""
        from platinfra.drivers.record_file import RecordFile

        return RecordFile(self.folder, ClusterRecord)

    def record(self) -> ClusterRecord:
        """Return what was written down last."""
        return self.file.load()


def own_site(workspace: Workspace, context: str | None, *, made: bool = False) -> Site:
    """Return the cluster of a stack that is nowhere else: one of the user's, or one that platinfra made for it."""
    return Site(workspace.root, context, workspace.root / KUBECONFIG if made else None)


def last_site(workspace: Workspace) -> Site | None:
    """Return the cluster that a stack was brought into, from the record alone; None when it is in none."""
    if not workspace.root.is_dir():
        return None
    record = Site(workspace.root).record()
    return own_site(workspace, record.context, made=record.cluster is not None) if record.target else None
