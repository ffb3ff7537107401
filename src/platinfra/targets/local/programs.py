"""Programs that people install themselves: where they are, and what is missing or too old."""

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from platinfra.catalog.machine import Needs, Program
from platinfra.diagnostics import Diagnostic
from platinfra.model.versions import find_bounds, is_within

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_VERSION = re.compile(r"\d+(?:\.\d+)+")
_SYSTEMS = {"linux": "with Debian's packages", "darwin": "with Homebrew"}

ReadVersion = Callable[[str, str], str]
"""What a program prints when it is asked with an argument; empty when it does not answer."""


def search_path() -> str:
    """Return the folders in which processes of a stack find programs, with colons."""
    return os.environ.get("PATH") or SYSTEM_PATH


def find_program(names: Iterable[str], path: str) -> str | None:
    """Return the absolute path of the first of several names that is a program; None when none is."""
    found = (shutil.which(each, path=path) for each in names)
    return next((os.path.abspath(each) for each in found if each), None)


def problem(tool: str, needs: Needs, system: str, read_version: ReadVersion) -> Diagnostic | None:
    """Return what a tool needs on PATH and this machine has not, or has too old; None when all is there."""
    asked: Literal["linux", "darwin"] = "darwin" if system == "darwin" else "linux"
    needed = {name: program for name, program in needs.programs.items() if asked in program.systems}
    lacking = [each for name, program in needed.items() for each in _lack(name, program, read_version)]
    if not lacking:
        return None
    known = asked if asked in needs.install else "linux"
    hint = f"install them {_SYSTEMS[known]}: `{needs.install[known]}`"
    message = f"`{tool}` runs with programs that you install, and this machine has {' and '.join(lacking)}"
    return Diagnostic("missing-program", message, hint=hint)


def _lack(name: str, program: Program, read_version: ReadVersion) -> Iterator[str]:
    """Yield what is wrong with a program: it is not there, or not of a version that the recipe works with."""
    path = find_program(program.names, search_path())
    if path is None:
        yield f"no {' or '.join(program.names)} on PATH"
        return
    found = _VERSION.search(read_version(path, program.version))
    if found is None:
        yield f"a {name} whose version cannot be read (`{path} {program.version}`)"
    elif not is_within(found[0], find_bounds(program.bound) or []):
        yield f"{name} {found[0]} ({path}) where it needs {program.bound}"
