"""
Ports that nothing has to listen on: those that running commands chose, and all of stacks that are up.

Stacks that start together choose different ones, and what listens late or is being started again keeps its own.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platinfra.drivers import process_tree
from platinfra.drivers.files import LocalFiles
from platinfra.drivers.runtime_folder import create, runtime_folder

_PATIENCE = 30.0
"""Seconds to wait for other commands that choose ports; choosing takes milliseconds."""

Choose = Callable[[frozenset[int]], dict[str, int]]
"""Chooses ports by name, given the ports to leave to others."""


def reserve(choose: Choose, folder: Path | None = None) -> dict[str, int]:
    """Choose ports for the stack in `folder`, and keep them from other commands for as long as this process lives."""
    with _note() as note:
        others = _of_others(process_tree.load(note), folder)
        chosen = choose(frozenset(int(port) for port in others))
        _write(note, chosen.values(), process_tree.me(), folder)
    return chosen


def keep(ports: Iterable[int], folder: Path) -> None:
    """Keep the ports of the stack in `folder` from other stacks for as long as its supervisor lives."""
    supervisor = process_tree.load(folder / "supervisor.json")
    if "pid" not in supervisor:
        return
    with _note() as note:
        holder = {"pid": supervisor["pid"], "start": supervisor["start"], "stack": str(folder.resolve())}
        _write(note, ports, holder, folder)


def kept_by_others(folder: Path) -> dict[int, Path]:
    """Return the ports of other stacks that are up, with the folders of those."""
    found = _of_others(process_tree.load(_file()), folder)
    return {int(port): Path(holder["stack"]) for port, holder in found.items() if "stack" in holder}


@dataclass(frozen=True, slots=True)
class StackSockets:
    """Implements `Sockets` for the stack whose state lies in `folder`."""

    folder: Path

    def holder(self, port: int) -> str | None:
        """Name who listens on a port or keeps it; None when it is free for this stack."""
        from platinfra.drivers.owners import stack_name
        from platinfra.drivers.port import holder

        found = holder(port)
        keeper = None if found else kept_by_others(self.folder).get(port)
        return stack_name(keeper) if keeper else found


def _file() -> Path:
    return runtime_folder("ports") / "reserved.json"


@contextmanager
def _note() -> Iterator[Path]:
    """Yield the file of all reservations, while no other command reads or writes it."""
    from filelock import FileLock

    file = _file()
    create(file.parent)
    with FileLock(file.with_name("lock"), timeout=_PATIENCE):
        yield file


def _write(note: Path, ports: Iterable[int], holder: Mapping[str, Any], folder: Path | None) -> None:
    """Note a holder beside all others that live; what somebody else has stays theirs."""
    others = _of_others(process_tree.load(note), folder)
    LocalFiles().write(note, json.dumps({**{str(port): holder for port in ports}, **others}))


def _of_others(noted: Mapping[str, Any], folder: Path | None) -> dict[str, Any]:
    """Return the reservations of living processes that are neither this one nor of the stack in `folder`."""
    own = str(folder.resolve()) if folder else None
    return {port: holder for port, holder in noted.items() if _is_other(holder) and holder.get("stack", "") != own}


def _is_other(holder: Any) -> bool:
    if not isinstance(holder, dict):
        return False
    pid = holder.get("pid", 0)
    return pid != os.getpid() and process_tree.find(pid, holder.get("start", "")) is not None
