"""
Keeps the namespaces in which an engine runs for as long as its standard input is open, and clears everything away then.

However the tests end, their end of the pipe closes. The first process inside ends, the kernel ends all the others of its
process namespace, and mounts and network go with them; what is left to remove are a folder and empty control groups.
"""

import contextlib
import signal
import subprocess
import sys
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
PARENT = "libpod_parent"
"""Podman's control group, with a folder in each hierarchy."""


def inside() -> None:
    """Be the first process: mount a /run of our own, reap what is orphaned, and wait for the end."""
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()


def keep(folder: Path) -> int:
    """Start the first process in namespaces of its own, wait for it, and clear away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    groups = {path for path in _groups() if not path.exists()}
    spaces = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc", "--net"]
    ended = subprocess.run(["unshare", *spaces, sys.executable, __file__], check=False)
    for path in groups:
        for each in sorted((path, *path.rglob("*/")), reverse=True):
            with contextlib.suppress(OSError):  # another engine of the machine may have begun to use it
                each.rmdir()
    subprocess.run(["rm", "-rf", str(folder)], check=False)  # some hundred thousand files
    return ended.returncode


def _groups() -> list[Path]:
    return [CGROUPS / PARENT, *(each / PARENT for each in CGROUPS.iterdir() if each.is_dir() and not each.is_symlink())]


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.exit(keep(Path(sys.argv[1])))
    inside()
