"""The pages of components."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from platinfra.app.stacks import target_of
from platinfra.app.workspace import at
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.targets.answers import Page


def pages(file: Path | None, environment: str | None) -> Mapping[str, str]:
    """Return the components that have a page, with their addresses."""
    workspace = at(file, environment)
    return target_of(workspace).pages(workspace)


def page(file: Path | None, environment: str | None, component: str) -> Page:
    """Return the page of a component; raise PlatinfraError when it has none."""
    workspace = at(file, environment)
    return target_of(workspace).page(workspace, component)


def forward(page: Page) -> None:
    """Replace this process by the tunnel of a page; raise PlatinfraError without the programs that it takes."""
    missing = [each for each in (page.tunnel[0], *page.programs) if shutil.which(each) is None]
    if missing:
        hint = "install it; `--print` only prints the command"
        raise PlatinfraError(Diagnostic("unknown-program", f"no program `{missing[0]}` found", hint=hint))
    os.execvp(page.tunnel[0], page.tunnel)
