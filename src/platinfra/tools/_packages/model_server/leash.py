"""
Become another command that the kernel kills when the process that started it is gone (Linux).

`leash.py PARENT_PID COMMAND ARGUMENT…`; elsewhere the records of `processes.py` end leftovers at the next start.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>; it survives exec


def main() -> None:
    """Tie this process to its parent and run the command in its place."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != int(sys.argv[1]):  # the parent ended before the line above
        sys.exit(1)
    os.execvp(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
