"""
Run supervisord in the background: `python -P supervisor_main.py FOLDER RUNTIME`.

It adopts every orphan of its programs and notes from time to time which processes descend from which program.
"""

import contextlib
import ctypes
import os
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from platinfra.drivers import process_tree
else:
    # Last on the path, so that no module beside this one hides an installed one; off it again at once.
    sys.path.append(os.path.dirname(os.path.abspath(__file__)))
    import process_tree

    sys.path.pop()

_PR_SET_CHILD_SUBREAPER = 36
"""prctl(2)."""
_BACKOFF = 30
"""supervisor.states.ProcessStates."""

LONGEST_PAUSE = 60.0
"""Seconds; supervisord itself would wait one second longer after each failure, without end."""


def main(folder: str, runtime: str) -> None:
    """Leave the terminal and be supervisord for the stack in `folder`."""
    if os.fork():
        os._exit(0)
    os.setsid()
    _adopt_orphans()
    os.umask(0o077)
    os.chdir(folder)
    process_tree.save("supervisor.json", {**process_tree.me(), "runtime": runtime})
    from supervisor.supervisord import main as supervisord

    supervisord(["-n", "-s", "-c", os.path.join(runtime, "supervisord.conf")])


def _adopt_orphans() -> None:
    """Become their parent; a fork loses the attribute, so supervisord must not fork to the background later."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def watch(supervisord: Any, **_: str) -> object:
    """Note the descendants of every program every five seconds; supervisord calls this once at its start."""
    from supervisor import events

    def tick(_: object) -> None:
        # An error here would end supervisord.
        with contextlib.suppress(Exception):
            _note_descendants(supervisord)

    events.subscribe(events.Tick5Event, tick)
    return object()


def _note_descendants(supervisord: Any) -> None:
    table = process_tree.snapshot()
    for group in list(supervisord.process_groups.values()):
        for program in group.processes.values():
            if program.get_state() == _BACKOFF:
                program.delay = min(program.delay, time.time() + LONGEST_PAUSE)
            if program.pid:
                _note(table, program.config.name, program.pid)


def _note(table: process_tree.Table, name: str, pid: int) -> None:
    """Keep what is still alive of the last note: it may have lost its parent since."""
    path = f"run/{name}.tree.json"
    known = process_tree.load(path)
    roots = [pid, *(int(each) for each, start in known.items() if _is(table, each, start))]
    found = process_tree.descendants(table, roots) - {pid}
    current = {str(each): table[each].start for each in found}
    if current != known:
        process_tree.save(path, current)


def _is(table: process_tree.Table, pid: str, start: str) -> bool:
    entry = table.get(int(pid))
    return entry is not None and entry.start == start


if __name__ == "__main__":
    main(*sys.argv[1:])
