"""Ports that running commands chose and that nothing listens on yet: stacks that start together choose different ones."""

import json
import os
from collections.abc import Callable
from typing import Any

from platinfra.drivers import process_tree
from platinfra.drivers.files import LocalFiles
from platinfra.drivers.runtime_folder import create, runtime_folder

_PATIENCE = 30.0
"""Seconds to wait for other commands that choose ports; choosing takes milliseconds."""

Choose = Callable[[frozenset[int]], dict[str, int]]
"""Chooses ports by name, given the ports to leave to others."""


def reserve(choose: Choose) -> dict[str, int]:
    """Choose ports and keep them from other commands for as long as this process lives."""
    from filelock import FileLock

    folder = runtime_folder("ports")
    create(folder)
    note = folder / "reserved.json"
    with FileLock(folder / "lock", timeout=_PATIENCE):
        others = {port: holder for port, holder in process_tree.load(note).items() if _is_other(holder)}
        chosen = choose(frozenset(int(port) for port in others))
        me = process_tree.me()
        LocalFiles().write(note, json.dumps({**others, **{str(port): me for port in chosen.values()}}))
    return chosen


def _is_other(holder: Any) -> bool:
    if not isinstance(holder, dict):
        return False
    pid = holder.get("pid", 0)
    return pid != os.getpid() and process_tree.find(pid, holder.get("start", "")) is not None
