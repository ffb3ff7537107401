"""Show the logs of components."""

from collections.abc import Iterator
from pathlib import Path

from platinfra.app.stacks import target_of
from platinfra.app.workspace import at


def logs(
    file: Path | None, environment: str | None, component: str | None, *, lines: int, follow: bool
) -> Iterator[tuple[str, str]]:
    """Yield source and line: the last `lines` of each log, then what is added while `follow`."""
    workspace = at(file, environment)
    return target_of(workspace).logs(workspace, component, lines=lines, follow=follow)
