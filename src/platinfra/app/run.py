"""Programs that take the place of this process: commands as clients of the stack, and tunnels to its pages."""

import os
import shutil
from pathlib import Path

from platinfra.app.stacks import brought_up
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.targets.answers import Page


def run(file: Path | None, environment: str | None, command: tuple[str, ...]) -> None:
    """Replace this process by `command`, in the client environment; raise PlatinfraError when there is no such program."""
    workspace, target = brought_up(file, environment)
    variables = dict(target.command_environment(workspace))
    program = shutil.which(command[0], path=variables["PATH"])
    if program is None:
        hint = "programs are looked up in the client environment, then on PATH"
        raise PlatinfraError(Diagnostic("unknown-program", f"no program `{command[0]}` found", hint=hint))
    try:
        os.execve(program, list(command), variables)
    except OSError as error:
        message = f"`{command[0]}` cannot be run: {error.strerror or error}"
        raise PlatinfraError(Diagnostic("unknown-program", message)) from None


def forward(page: Page) -> None:
    """Replace this process by the tunnel of a page; raise PlatinfraError without the programs that it takes."""
    missing = [each for each in (page.tunnel[0], *page.programs) if shutil.which(each) is None]
    if missing:
        hint = "install it; `--print` only prints the command"
        raise PlatinfraError(Diagnostic("unknown-program", f"no program `{missing[0]}` found", hint=hint))
    os.execvp(page.tunnel[0], page.tunnel)
