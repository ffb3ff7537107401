"""Run `platinfra up` on a disk that is full from the N-th time on that the state is saved: `full_up.py N`."""

import errno
import os
import sys
from pathlib import Path
from typing import Any

from platinfra.cli.main import run
from platinfra.drivers import files

REPLACE = files._replace


def main(first: int) -> int:
    """Bring up the stack until then."""
    saved = 0

    def replace(path: Path, content: Any) -> None:
        nonlocal saved
        saved += path.name == "state.json"
        if saved >= first:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        REPLACE(path, content)

    files._replace = replace
    sys.argv = ["platinfra", "up"]
    return run()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
