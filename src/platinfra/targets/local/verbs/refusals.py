"""What this machine cannot use: the look of `validate`, which imports nothing that brings a stack up."""

from collections.abc import Iterator

from platinfra.diagnostics import Diagnostic, join_names, refuse
from platinfra.model.workspace import Workspace
from platinfra.resolve.resolve import Resolved
from platinfra.targets.local.project import project_problems

_UNUSABLE = frozenset('#%,:"\\\n')
"""`#` begins a comment in DVC's configuration, `%` is decoded by MLflow, `:` separates PATH, quotes end JSON text."""


def check(stack: Resolved) -> None:
    """Raise PlatinfraError for a folder that tools cannot work in and for a project's lock that does not suit them."""
    refuse([*_folder_problems(stack.workspace), *project_problems(stack)])


def _folder_problems(workspace: Workspace) -> Iterator[Diagnostic]:
    """Yield a problem for characters that tools' own configuration files and addresses give a meaning to."""
    found = sorted(set(str(workspace.folder)) & _UNUSABLE)
    if found:
        message = f"the tools cannot work in a folder with {join_names(found)} in its path"
        yield Diagnostic("unusable-folder", message, hint="move the stack file to another folder")
