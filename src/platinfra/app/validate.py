"""Find every problem of a stack file, offline."""

from pathlib import Path

from platinfra.app.workspace import at
from platinfra.resolve.resolve import Resolved


def validate(file: Path | None, environment: str | None = None) -> list[Resolved]:
    """Return the resolved stack in the chosen environment, or in every one; raise PlatinfraError with every problem."""
    workspace = at(file, environment)
    catalog = workspace.catalog()
    first = workspace.resolve(catalog)
    if environment is not None:
        return [first]
    return [first, *(at(file, name).resolve(catalog) for name in first.file.environments)]
