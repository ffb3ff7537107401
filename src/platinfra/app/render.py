"""Write the target's artifacts as a folder that can be reviewed, committed and moved."""

from dataclasses import dataclass, replace
from pathlib import Path

from platinfra.app.workspace import at
from platinfra.diagnostics import ActionError, Diagnostic, PlatinfraError


@dataclass(frozen=True, slots=True)
class Rendering:
    """What was written where."""

    folder: Path
    files: tuple[str, ...]
    changed: tuple[str, ...]
    warnings: tuple[Diagnostic, ...]


def render(
    file: Path | None, environment: str | None, out: Path | None, without: tuple[str, ...] = (), *, state: bool = False
) -> Rendering:
    """Render a stack into `out`; raise PlatinfraError for a target without artifacts or a folder that is not its own."""
    workspace = at(file, environment)
    resolved = workspace.resolve(workspace.catalog(), without)
    if resolved.graph.target != "aws":
        raise PlatinfraError(_without_artifacts(resolved.graph.target))
    from platinfra.app.aws import stack  # start-up time: other targets need none of it

    cloud = stack.cloud_stack(workspace, without)
    _, files = cloud.rendered(state=state)
    folder = out or workspace.folder / f"{cloud.place.prefix}-terraform"
    if folder.exists() and not (folder / stack.MARKER).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        hint = "choose an empty one with `--out`"
        raise PlatinfraError(Diagnostic("folder-not-ours", f"`{folder}` holds something else", hint=hint))
    try:
        changed = stack.write_folder(folder, files)
    except OSError as error:
        message = f"cannot write `{folder}`: {error.strerror or error}"
        raise ActionError(Diagnostic("state-not-written", message, hint="choose another folder with `--out`")) from None
    return Rendering(folder, tuple(files), tuple(changed), resolved.warnings)


def _without_artifacts(target: str) -> Diagnostic:
    from platinfra.app.plan import not_available

    if target == "local":
        hint = "`platinfra plan` shows what would be done; `platinfra up` does it"
        return Diagnostic("nothing-to-render", "a stack on this machine has no files to render", hint=hint)
    return replace(not_available(target), severity="error")
