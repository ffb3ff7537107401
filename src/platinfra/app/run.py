"""Programs that take the place of this process: commands as clients of the stack, and tunnels to its pages."""

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from platinfra.app.stacks import brought_up
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.targets.answers import Page

_INSTALLS = re.compile(
    r"(python[\d.]* -m )?(uv )?pip[\d.]* (install|uninstall)|uv (add|remove|sync)|(conda|mamba|poetry|pdm) (install|add|remove)"
)
"""Commands that would change packages, without their options."""


def run(file: Path | None, environment: str | None, command: tuple[str, ...], component: str | None = None) -> None:
    """
    Replace this process by `command`, in the client environment or in that of a component's server.

    Raises PlatinfraError when there is no such program, and for one that would install packages.
    """
    workspace, target = brought_up(file, environment)
    _refuse_installing(command)
    if component:
        command, variables = target.server_command(workspace, component, command)
    else:
        variables = target.command_environment(workspace)
    program = shutil.which(command[0], path=variables["PATH"])
    if program is None:
        hint = (
            f"programs are looked up in the environment of {f'`{component}`' if component else 'clients'}, then on PATH"
        )
        raise PlatinfraError(Diagnostic("unknown-program", f"no program `{command[0]}` found", hint=hint))
    try:
        os.execve(program, command, variables)
    except OSError as error:
        message = f"`{command[0]}` cannot be run: {error.strerror or error}"
        raise PlatinfraError(Diagnostic("unknown-program", message)) from None


def _refuse_installing(command: Sequence[str]) -> None:
    """Raise PlatinfraError for a command that would change packages: another environment's, as those here have no pip."""
    program, *words = command
    plain = " ".join([Path(program).name, *(each for each in words if each == "-m" or not each.startswith("-"))])
    found = _INSTALLS.match(plain)
    if found:
        wanted = " ".join(plain[found.end() :].split()) or "PACKAGE"
        message = f"`{found[0]}` does not reach the environments of a stack, which are made from locks"
        hint = (
            f"write `{wanted}` into requirements.in, run `uv pip compile --generate-hashes requirements.in -o requirements.lock.txt`, "
            "name that file in the stack file (`project: {requirements: requirements.lock.txt}`), and run `platinfra up`"
        )
        raise PlatinfraError(Diagnostic("packages-are-locked", message, hint=hint))


def forward(page: Page) -> None:
    """Replace this process by the tunnel of a page; raise PlatinfraError without the programs that it takes."""
    missing = [each for each in (page.tunnel[0], *page.programs) if shutil.which(each) is None]
    if missing:
        hint = "install it; `--print` only prints the command"
        raise PlatinfraError(Diagnostic("unknown-program", f"no program `{missing[0]}` found", hint=hint))
    os.execvp(page.tunnel[0], page.tunnel)
