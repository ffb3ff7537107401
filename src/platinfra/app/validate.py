"""Find every problem of a stack file, offline."""

from pathlib import Path

from platinfra.app.workspace import Workspace, at
from platinfra.catalog.catalog import Catalog
from platinfra.resolve.resolve import Resolved


def validate(file: Path | None, environment: str | None = None) -> list[Resolved]:
    """Return the resolved stack in the chosen environment, or in every one; raise PlatinfraError with every problem."""
    workspace = at(file, environment)
    catalog = workspace.catalog()
    first = _checked(workspace, catalog)
    if environment is not None:
        return [first]
    return [first, *(_checked(at(file, name), catalog) for name in first.file.environments)]


def _checked(workspace: Workspace, catalog: Catalog) -> Resolved:
    """Return the resolved stack; raise PlatinfraError also for what only its target knows to be wrong."""
    resolved = workspace.resolve(catalog)
    if resolved.graph.target == "local":
        from platinfra.app.local import refuse_unusable  # start-up time

        refuse_unusable(workspace, resolved.graph)
    if resolved.graph.target == "kubernetes":
        from platinfra.app.kubernetes.stack import bundle_of

        bundle_of(resolved, catalog)
    return resolved
