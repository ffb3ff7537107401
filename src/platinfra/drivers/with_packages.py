"""
Run a script with packages that its own process does not know: `python with_packages.py FOLDERS SCRIPT ARGUMENT…`.

Code of users runs in an environment without the packages that tools share; a check that runs there brings its own.
"""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn


def arguments_with(folders: Sequence[str], script: str) -> list[str]:
    """Return what to tell a Python so that it runs a script which finds packages in some folders."""
    return [__file__, os.pathsep.join(folders), script] if folders else [script]


def main(folders: str, *command: str) -> NoReturn:
    """Replace this process with the script."""
    path = os.pathsep.join(filter(None, (folders, os.environ.get("PYTHONPATH"))))
    os.execve(sys.executable, [sys.executable, *command], {**os.environ, "PYTHONPATH": path})


if __name__ == "__main__":
    main(*sys.argv[1:])
