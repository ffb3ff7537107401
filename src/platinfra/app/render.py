"""Write the target's artifacts as a folder that can be reviewed, committed and moved."""

from dataclasses import dataclass
from pathlib import Path

from platinfra.app.stacks import checked_stack
from platinfra.diagnostics import Diagnostic
from platinfra.targets.answers import RenderOptions
from platinfra.targets.folder import write_own_folder


@dataclass(frozen=True, slots=True)
class Rendering:
    """What was written where."""

    folder: Path
    files: tuple[str, ...]
    changed: tuple[str, ...]
    warnings: tuple[Diagnostic, ...]


def render(
    file: Path | None,
    environment: str | None,
    out: Path | None,
    without: tuple[str, ...] = (),
    options: RenderOptions | None = None,
) -> Rendering:
    """Render a stack into `out`; raise PlatinfraError for a target without artifacts or a folder that is not its own."""
    stack, target = checked_stack(file, environment, without)
    made = target.render(stack, options or RenderOptions())
    folder = out or stack.workspace.folder / made.name
    changed = write_own_folder(folder, made.files)
    return Rendering(folder, tuple(made.files), tuple(changed), (*stack.warnings, *made.warnings))
