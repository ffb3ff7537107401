"""Prove that DVC reaches the stack's remote: `write` pushes MARKER, `find` pulls it into another, empty place.

The two share nothing but the remote. DVC stores a file under the MD5 of its content, so whoever knows the content
can write the `.dvc` file anew, and only the remote can turn that back into the file.
"""

import hashlib
import logging
import os
import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from dvc.exceptions import CheckoutError
from dvc.repo import Repo

POINTER = """\
outs:
- md5: {md5}
  size: {size}
  hash: md5
  path: marker.txt
"""


def write(marker: str) -> None:
    """Add a file whose content is the marker, and push it."""
    Path("marker.txt").write_text(marker)
    with Repo.init(no_scm=True) as repository:
        repository.add("marker.txt")
        repository.push()


def find(marker: str) -> str | None:
    """Pull the file with that content."""
    content = marker.encode()
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    Path("marker.txt.dvc").write_text(POINTER.format(md5=md5, size=len(content)))
    with Repo.init(no_scm=True) as repository:
        try:
            repository.pull()
        except CheckoutError:
            return "not found"
    return None if Path("marker.txt").read_text() == marker else "not found"


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("dvc: no answer within 55 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(55)
    logging.disable(logging.WARNING)  # what is wrong is said once, in the end
    with TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            sys.exit({"write": write, "find": find}[sys.argv[1]](*sys.argv[2:]))
        except Exception as error:
            sys.exit(f"dvc: {error!r}")
