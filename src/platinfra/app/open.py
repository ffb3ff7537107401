"""The pages of components."""

import os
import shutil

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.targets.answers import Page


def forward(page: Page) -> None:
    """Replace this process by the tunnel of a page; raise PlatinfraError without the programs that it takes."""
    missing = [each for each in (page.tunnel[0], *page.programs) if shutil.which(each) is None]
    if missing:
        hint = "install it; `--print` only prints the command"
        raise PlatinfraError(Diagnostic("unknown-program", f"no program `{missing[0]}` found", hint=hint))
    os.execvp(page.tunnel[0], page.tunnel)
