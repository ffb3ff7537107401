"""
Run supervisord in the background: `python -P supervisor_main.py FOLDER RUNTIME`.

It adopts every orphan of its programs and notes from time to time which processes descend from which program. A program
that no longer listens where it did is ended, and so started again.
"""

import contextlib
import ctypes
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from platinfra.drivers import lost_ports, process_tree
else:
    # Last on the path, so that no module beside this one hides an installed one; off it again at once.
    sys.path.append(os.path.dirname(os.path.abspath(__file__)))
    import lost_ports
    import process_tree

    sys.path.pop()

_PR_SET_CHILD_SUBREAPER = 36
"""prctl(2)."""
_RUNNING, _BACKOFF = 20, 30
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
    """Look after every program every five seconds; supervisord calls this once at its start."""
    from supervisor import events

    watches: dict[str, lost_ports.Watch] = {}

    def tick(_: object) -> None:
        programs = [each for group in list(supervisord.process_groups.values()) for each in group.processes.values()]
        # An error here would end supervisord.
        with contextlib.suppress(Exception):
            _note_descendants(programs)
        with contextlib.suppress(Exception):
            _end_deaf(programs, watches, supervisord.options.logger.warn)

    events.subscribe(events.Tick5Event, tick)
    return object()


def _note_descendants(programs: Sequence[Any]) -> None:
    table = process_tree.snapshot()
    for program in programs:
        if program.get_state() == _BACKOFF:
            program.delay = min(program.delay, time.time() + LONGEST_PAUSE)
        if program.pid:
            _note(table, program.config.name, program.pid)


def _end_deaf(programs: Sequence[Any], watches: dict[str, lost_ports.Watch], warn: Callable[[str], None]) -> None:
    """End what has not listened for a while on a port where it did, at first as `down` does; it is started again."""
    running = {each.config.name: each for each in programs if each.get_state() == _RUNNING and each.pid}
    for name in watches.keys() - running.keys():
        del watches[name]
    for name, program in running.items():
        if name not in watches or watches[name].pid != program.pid:
            spec = process_tree.load(f"run/{name}.json")
            watches[name] = lost_ports.Watch(program.pid, spec.get("ports", ()), spec.get("start_within", math.inf))
    listened = lost_ports.listened_on({port for each in watches.values() for port in each.ports})
    for name, program in running.items():
        watch, grace = watches[name], program.config.stopwaitsecs
        if not (late := watch.look(listened, time.monotonic())):
            continue
        if max(late.values()) >= grace:
            os.kill(program.pid, signal.SIGKILL)
        elif not watch.told:
            watch.told = True
            warn(f"{name} does not listen on {sorted(late)}: it is started again")
            os.kill(program.pid, program.config.stopsignal)


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
