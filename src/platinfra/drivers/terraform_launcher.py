"""
Become Terraform: `python -I -S terraform_launcher.py PARENT PROGRAM ARGUMENT...`.

On Linux the system interrupts it when the process that started it dies, however that dies: Terraform then finishes
what is under way, saves the state and releases its lock. Only the standard library is imported.
"""

import ctypes
import os
import signal
import sys
from typing import NoReturn

_PR_SET_PDEATHSIG = 1
"""prctl(2); it holds across execve(2)."""


def main(parent: int, command: list[str]) -> NoReturn:
    """Replace this process with `command`."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)  # an exec keeps ignored signals ignored
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.umask(0o077)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("platinfra: the command that wanted Terraform is gone")
    try:
        os.execv(command[0], command)
    except OSError as error:
        sys.exit(f"platinfra: cannot run {command[0]}: {error}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
