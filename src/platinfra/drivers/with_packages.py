"""
Run a script as what a client of one component is: `python with_packages.py [--as=PREFIX] FOLDERS SCRIPT ARGUMENT…`.

Code of users runs in an environment without the packages that tools share; a check that runs there brings its own.
Variables that begin with PREFIX stand for those without: two components of one tool give variables of the same names.
"""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

_AS = "--as="


def arguments_with(folders: Sequence[str], script: str, prefix: str = "") -> list[str]:
    """Return what to tell a Python so that it runs a script with packages in some folders, and with one component's variables."""
    if not folders and not prefix:
        return [script]
    return [__file__, *([f"{_AS}{prefix}"] if prefix else []), os.pathsep.join(folders), script]


def main(*arguments: str) -> NoReturn:
    """Replace this process with the script."""
    prefix, (folders, *command) = "", arguments
    if folders.startswith(_AS):
        prefix, (folders, *command) = folders.removeprefix(_AS), command
    path = os.pathsep.join(filter(None, (folders, os.environ.get("PYTHONPATH"))))
    own = {name.removeprefix(prefix): each for name, each in os.environ.items() if prefix and name.startswith(prefix)}
    os.execve(
        sys.executable, [sys.executable, *command], {**os.environ, **own, **({"PYTHONPATH": path} if path else {})}
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
