"""
Give up root before a command starts (Postgres refuses root).

Only the standard library is imported: the launcher runs this without site-packages.
"""

import os
import pwd
import shutil
import stat
from collections.abc import Iterable

USER = "nobody"
_READ_SEARCH = 2
"""Bit of CAP_DAC_READ_SEARCH, capabilities(7)."""


def prefix() -> tuple[str, ...]:
    """
    Return the command that drops root and runs the rest of its line; empty when there is no root to drop.

    The capability lets the user read below folders of root that nobody else may enter, such as a private home.
    Postgres checks its programs with access(2), and the kernel clears capabilities there for a real user that is
    not root unless `no_setuid_fixup` is set. Raises FileNotFoundError when setpriv is not installed.
    """
    if os.geteuid() != 0:
        return ()
    program = shutil.which("setpriv")
    if program is None:
        raise FileNotFoundError("setpriv")
    capability = "dac_read_search" if _bounding() >> _READ_SEARCH & 1 else "dac_override"
    user = pwd.getpwnam(USER)
    sets = [f"--{name}=-all,+{capability}" for name in ("bounding-set", "inh-caps", "ambient-caps")]
    identity = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return (program, *identity, "--no-new-privs", "--securebits=+no_setuid_fixup", *sets, "--")


def hand_over(folders: Iterable[str | os.PathLike[str]]) -> None:
    """
    Make the unprivileged user the owner of `folders` and all they hold; nothing happens without root.

    A file with several names is left alone: the user could have linked a file of somebody else into the folder.
    """
    if os.geteuid() != 0:
        return
    user = pwd.getpwnam(USER)
    for folder in folders:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        for path in _tree(os.fspath(folder)):
            _own(path, user.pw_uid, user.pw_gid)


def _tree(folder: str) -> Iterable[str]:
    yield folder
    for parent, folders, files in os.walk(folder):
        yield from (os.path.join(parent, name) for name in (*folders, *files))


def _own(path: str, user: int, group: int) -> None:
    try:
        found = os.lstat(path)
        linked = not stat.S_ISDIR(found.st_mode) and found.st_nlink > 1
        if (found.st_uid, found.st_gid) != (user, group) and not linked:
            os.lchown(path, user, group)
    except FileNotFoundError:
        return


def _bounding() -> int:
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        lines = [line for line in file if line.startswith("CapBnd:")]
    return int(lines[0].split()[1], 16) if lines else 0
