"""What this machine lacks for a stack, with the command that mends it."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from platinfra.app.stacks import checked_stack
from platinfra.app.workspace import at
from platinfra.diagnostics import PlatinfraError
from platinfra.drivers.cache import cache_folder
from platinfra.model.workspace import DEFAULT_FILE
from platinfra.targets.answers import Finding

_DISK = 6 * 1024**3
"""Bytes that environments and downloads of a full local stack take."""
_MEMORY = 3 * 1024**3
"""Bytes that the servers of a full local stack take."""


def doctor(file: Path | None, environment: str | None) -> list[Finding]:
    """Look at this machine, and at the stack's needs when there is a stack file."""
    return [*_machine(), *_stack(file, environment)]


def _machine() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", sys.version_info >= (3, 11), version, "install Python 3.11 or newer")
    others = "platinfra is tested on Linux; on other systems, processes that leave their session may keep running"
    yield Finding("system", sys.platform == "linux", sys.platform, others)
    yield _uv()
    if os.geteuid() == 0:
        found = shutil.which("setpriv")
        detail = found or "missing: Postgres refuses to run as root"
        yield Finding("setpriv", found is not None, detail, "apt-get install util-linux")
    yield from _room()


def _uv() -> Finding:
    from uv import find_uv_bin

    try:
        return Finding("uv", ok=True, detail=find_uv_bin())
    except FileNotFoundError:
        return Finding("uv", ok=False, detail="missing", remedy="pip install uv")


def _room() -> Iterator[Finding]:
    cache = cache_folder()
    folder = next(each for each in (cache, *cache.parents) if each.exists())
    free = shutil.disk_usage(folder).free
    remedy = "free some space, or set PLATINFRA_CACHE_DIR and UV_CACHE_DIR"
    yield Finding("disk", free >= _DISK, f"{free / 1024**3:.1f} GiB free for {cache}", remedy)
    import psutil

    available = psutil.virtual_memory().available
    remedy = "stop other programs, or leave tools out with `--without`"
    yield Finding("memory", available >= _MEMORY, f"{available / 1024**3:.1f} GiB available", remedy)


def _stack(file: Path | None, environment: str | None) -> Iterator[Finding]:
    if file is None and not at(file, environment).file.is_file():
        yield Finding("stack", ok=True, detail=f"no {DEFAULT_FILE} here", remedy="")
        return
    try:
        stack, target = checked_stack(file, environment)
        yield from list(target.doctor(stack))
    except PlatinfraError as error:
        for each in error.diagnostics:
            yield Finding("stack", ok=False, detail=each.message, remedy=each.hint or "")
