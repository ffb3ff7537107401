"""Ask Git about files of its working trees."""

import subprocess
from pathlib import Path

_IGNORED, _NOT_IGNORED = 0, 1


def would_commit(path: Path) -> bool:
    """
    Tell whether a file, which may not exist yet, is or could become part of a commit.

    It is not in a working tree otherwise, or ignored there. Without Git, a folder `.git` above it is enough.
    """
    folder = next(each for each in path.absolute().parents if each.is_dir())
    command = ["git", "-C", str(folder), "check-ignore", "--quiet", "--", str(path.absolute())]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return _below_git(path)
    if done.returncode in {_IGNORED, _NOT_IGNORED}:
        return done.returncode == _NOT_IGNORED
    # It is in no working tree, or in one that Git does not read, as that of another user.
    return _below_git(path)


def _below_git(path: Path) -> bool:
    return any((each / ".git").exists() for each in path.absolute().parents)
