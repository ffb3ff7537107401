"""What this machine is, as far as packages with machine code mind."""

import os
import sys

from platinfra.model.ground import Computer


def this_computer() -> Computer:
    """Return the machine that platinfra runs on, with the Python that tools get."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Computer(sys.platform, os.uname().machine, python, _glibc())


def _glibc() -> str:
    """Return the version of the GNU C library; nothing where there is another one."""
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (OSError, ValueError):  # macOS, musl
        return ""
    return version if name == "glibc" else ""
