"""Whose a process is: the stack of platinfra that it belongs to, in whatever folder that lies."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from platinfra.drivers import process_tree
from platinfra.drivers.supervision import key_of

if TYPE_CHECKING:
    import psutil

_STATE_FOLDER = ".platinfra"
_DEFAULT = "default"


def owner(pid: int) -> str | None:
    """Name the program of a stack that a process is, with the stack's folder; None when it belongs to no stack, or hides it."""
    family = list(_family(pid))
    mark = next((found for each in family if (found := process_tree.mark_of(each.pid))), "")
    key, _, program = mark.partition(":")
    root = next((root for each in family for root in _roots(each) if key_of(root) == key), None)
    if root is None:
        return None
    return f"{f'`{program}` of ' if program else ''}{stack_name(root)} (pid {pid})"


def stack_name(root: Path) -> str:
    """Name the stack whose state lies in a folder; one whose state cannot be read has a folder only."""
    name = process_tree.load(root / "state.json").get("stack")
    environment = "" if root.name == _DEFAULT else f", environment `{root.name}`,"
    return f"{f'the stack `{name}`' if name else 'a stack'}{environment} in `{root.parent.parent}`"


def _family(pid: int) -> "Iterator[psutil.Process]":
    """Yield a process and those above it, as far as this user may see them."""
    import psutil

    try:
        process: psutil.Process | None = psutil.Process(pid)
        while process is not None:
            yield process
            process = process.parent()
    except (psutil.Error, OSError):
        return


def _roots(process: "psutil.Process") -> Iterator[Path]:
    """Yield the state folders of stacks that a process is in, or was told of: its supervisor is in it and was told of it."""
    for text in _texts(process):
        parts = Path(text).parts if text.startswith("/") else ()
        for number, part in enumerate(parts[:-1]):
            if part == _STATE_FOLDER:
                yield Path(*parts[: number + 2])


def _texts(process: "psutil.Process") -> Iterator[str]:
    import psutil

    try:
        yield process.cwd()
        yield from process.cmdline()
    except (psutil.Error, OSError):
        return
