"""What this machine cannot use: the look of `validate`, which imports nothing that brings a stack up."""

import sys
from collections.abc import Iterator
from dataclasses import replace

from platinfra.diagnostics import Diagnostic, join_names, refuse
from platinfra.model.workspace import Workspace
from platinfra.resolve.resolve import Resolved
from platinfra.targets.local.layout import Layout
from platinfra.targets.local.project import project_problems

_UNUSABLE = frozenset('#%,:"\\\n')
"""`#` begins a comment in DVC's configuration, `%` is decoded by MLflow, `:` separates PATH, quotes end JSON text."""


def check(stack: Resolved) -> None:
    """Raise PlatinfraError for a folder that tools cannot work in, a project's lock that does not suit them, programs that lack, and data that is too new."""
    refuse(
        [
            *_folder_problems(stack.workspace),
            *project_problems(stack),
            *_program_problems(stack),
            *_data_problems(stack),
        ]
    )


def _folder_problems(workspace: Workspace) -> Iterator[Diagnostic]:
    """Yield a problem for characters that tools' own configuration files and addresses give a meaning to."""
    found = sorted(set(str(workspace.folder)) & _UNUSABLE)
    if found:
        message = f"the tools cannot work in a folder with {join_names(found)} in its path"
        yield Diagnostic("unusable-folder", message, hint="move the stack file to another folder")


def _program_problems(stack: Resolved) -> Iterator[Diagnostic]:
    """Yield a problem for each tool whose programs are not on PATH; most stacks have none, and nothing is started for them."""
    components = stack.graph.components.values()
    tools = {each.tool: stack.spans.get(each.name) for each in components if each.place == "machine"}
    for name, span in tools.items():
        recipe = stack.catalog.get(name).run.local
        if recipe and recipe.needs and recipe.needs.programs:
            from platinfra.drivers.program_version import read_version
            from platinfra.targets.local.programs import problem

            if found := problem(name, recipe.needs, sys.platform, read_version):
                yield replace(found, span=span)


def _data_problems(stack: Resolved) -> Iterator[Diagnostic]:
    """Yield a problem for each component whose data is of a later version than the one that is to run."""
    for component in stack.graph.components.values():
        recipe = stack.catalog.get(component.tool).run.local
        if recipe and recipe.version and stack.workspace.root.is_dir():
            from platinfra.drivers.files import LocalFiles
            from platinfra.targets.local.data_version import read, refuse_older

            found = read(LocalFiles(), Layout(stack.workspace.root).data_version(component.name))
            product = stack.catalog.get(component.tool).product
            if problem := refuse_older(component.name, product, recipe.version, found):
                yield replace(problem, span=stack.spans.get(component.name))
