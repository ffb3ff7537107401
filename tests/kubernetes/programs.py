"""The programs that tests talk to clusters with."""

import os
import shutil
from pathlib import Path


def _kubectl() -> str | None:
    """
    Return kubectl itself where PATH leads to a dispatcher that has several beside it, the newest one.

    The dispatcher asks the cluster for its version before every command, for seconds when that does not answer.
    """
    found = shutil.which("kubectl")
    if found is None:
        return None
    beside = sorted(Path(os.path.realpath(found)).parent.glob("kubectl.1.*"), key=lambda path: int(path.suffix[1:]))
    return str(beside[-1]) if beside else found


KUBECTL = _kubectl()
