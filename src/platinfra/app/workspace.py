"""Find the workspace that a command means."""

from pathlib import Path

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.workspace import DEFAULT, DEFAULT_FILE, STATE_FOLDER, Workspace
from platinfra.spec.rules import is_name


def at(file: Path | None, environment: str | None) -> Workspace:
    """
    Return the workspace of a stack file; the default is `platinfra.yaml` here or in a folder above.

    Raises PlatinfraError for what cannot name an environment: the name becomes a folder.
    """
    if environment is not None and not is_name(environment):
        hint = "lower-case letters, digits and dashes, beginning with a letter"
        raise PlatinfraError(Diagnostic("invalid-name", f"`{environment}` is not a valid environment name", hint=hint))
    return Workspace(file if file is not None else _nearest(), environment or DEFAULT)


def _nearest() -> Path:
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / DEFAULT_FILE).is_file() or (folder / STATE_FOLDER).is_dir():
            found = folder / DEFAULT_FILE
            return DEFAULT_FILE if folder == Path.cwd() else found
    return DEFAULT_FILE
