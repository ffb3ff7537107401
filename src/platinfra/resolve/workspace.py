"""A workspace's stack, loaded and resolved."""

from platinfra.catalog.catalog import Catalog
from platinfra.document import load_file
from platinfra.model.workspace import Workspace
from platinfra.resolve.resolve import Resolved, resolve
from platinfra.spec.load import load


def resolve_workspace(workspace: Workspace, without: tuple[str, ...] = (), catalog: Catalog | None = None) -> Resolved:
    """Load and resolve the stack of a workspace; raise PlatinfraError with every problem."""
    catalog = catalog or Catalog.beside(workspace.folder)
    return resolve(load(load_file(workspace.file)), catalog, workspace=workspace, without=without)
