"""Show the logs of processes on this machine."""

import time
from collections.abc import Iterator
from pathlib import Path

from platinfra.drivers.files import LocalFiles
from platinfra.model.workspace import Workspace
from platinfra.targets.local.verbs.running import running
from platinfra.targets.target import chosen_component

POLL = 0.3
"""Seconds between two looks at a followed log."""


def logs(workspace: Workspace, component: str | None, *, lines: int, follow: bool) -> Iterator[tuple[str, str]]:
    """Yield process and line: the last `lines` of each log, then what is added while `follow`."""
    known = running(workspace).components
    names = [chosen_component(component, known)] if component else list(known)
    files = {process: Path(log) for name in names for process, log in known[name].processes.items()}
    ends = {process: log.stat().st_size if log.exists() else 0 for process, log in files.items()}
    for process, log in files.items():
        for line in LocalFiles().tail(log, lines):
            yield process, line
    if follow:
        yield from _follow(files, ends)


def _follow(files: dict[str, Path], ends: dict[str, int]) -> Iterator[tuple[str, str]]:
    while True:
        for process, log in files.items():
            for line in _read_added(log, ends, process):
                yield process, line
        time.sleep(POLL)


def _read_added(log: Path, ends: dict[str, int], process: str) -> list[str]:
    """Return the complete lines since the last look; a log that shrank was rotated and is read from its start."""
    size = log.stat().st_size if log.exists() else 0
    start = ends[process] if size >= ends[process] else 0
    if size == start:
        return []
    with log.open("rb") as stream:
        stream.seek(start)
        text = stream.read(size - start)
    whole = text[: text.rfind(b"\n") + 1]
    ends[process] = start + len(whole)
    return whole.decode(errors="replace").splitlines()
