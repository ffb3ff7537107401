"""What this machine cannot use: the look of `validate`, which imports nothing that brings a stack up."""

from collections.abc import Iterator

from platinfra.diagnostics import Diagnostic, join_names, refuse
from platinfra.model.workspace import Workspace
from platinfra.resolve.resolve import Resolved

_UNUSABLE = frozenset('#%,:"\\\n')
"""`#` begins a comment in DVC's configuration, `%` is decoded by MLflow, `:` separates PATH, quotes end JSON text."""


def check(stack: Resolved) -> None:
    """Raise PlatinfraError for a folder that tools cannot work in and for a project without a hashed requirements file."""
    refuse([*_folder_problems(stack.workspace), *_project_problems(stack)])


def _folder_problems(workspace: Workspace) -> Iterator[Diagnostic]:
    """Yield a problem for characters that tools' own configuration files and addresses give a meaning to."""
    found = sorted(set(str(workspace.folder)) & _UNUSABLE)
    if found:
        message = f"the tools cannot work in a folder with {join_names(found)} in its path"
        yield Diagnostic("unusable-folder", message, hint="move the stack file to another folder")


def _project_problems(stack: Resolved) -> Iterator[Diagnostic]:
    name = stack.graph.project.get("requirements")
    if name is None:
        return
    file = stack.workspace.folder / name
    hint = "create it with `uv pip compile --generate-hashes requirements.in -o requirements.lock.txt`"
    if not file.is_file():
        message = f"`project.requirements`: no file `{name}` next to the stack file"
        yield Diagnostic("project-requirements", message, hint=hint)
    elif "--hash=" not in file.read_text(encoding="utf-8", errors="replace"):
        yield Diagnostic("project-requirements", f"`{name}` has no hashes", hint=hint)
