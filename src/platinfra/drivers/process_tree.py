"""
Tell which processes belong to a program, also after their parent died.

Only the standard library is imported: the launcher runs this without site-packages.
"""

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

MARK = "PLATINFRA_MARK"
"""The environment variable that says whose process this is: `<stack>:<program>`."""

_RECORD: Mapping[str, type] = {"pid": int, "start": str, "session": int, "starts": int}
_START, _MEMORY = 19, 21
"""Places behind the name in /proc/PID/stat."""
_PAUSE = 0.05
_LAST_WAIT = 5.0


class Entry(NamedTuple):
    """One process; `start` identifies it together with the pid, across reboots too."""

    pid: int
    parent: int
    group: int
    session: int
    start: str
    state: str
    memory: int


Table = Mapping[int, Entry]


def snapshot() -> dict[int, Entry]:
    """Return every process that is not a zombie, by pid."""
    entries = _from_proc() if os.path.exists("/proc/self/stat") else _from_ps()
    return {each.pid: each for each in entries if each.state not in "ZX"}


def find(pid: int, start: str) -> Entry | None:
    """Return the live process with this pid and start, or None."""
    entry = _read_stat(pid, _boot()) if os.path.exists("/proc/self/stat") else snapshot().get(pid)
    return entry if entry and entry.start == start and entry.state not in "ZX" else None


def me() -> dict[str, Any]:
    """Return what tells this process from all others, also from later ones with its pid."""
    entry = snapshot()[os.getpid()]
    return {"pid": entry.pid, "start": entry.start}


def mark_of(pid: int) -> str:
    """Return the mark in the environment of a process; empty when there is none or it is hidden."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            environ = b"\0" + file.read()
    except OSError:
        return ""
    _, found, rest = environ.partition(b"\0" + MARK.encode() + b"=")
    return rest.partition(b"\0")[0].decode(errors="replace") if found else ""


def descendants(table: Table, roots: Iterable[int], skip: Callable[[int], bool] = lambda _: False) -> set[int]:
    """Return `roots` and everything below them, leaving out the branches that `skip` names."""
    children: dict[int, list[int]] = {}
    for entry in table.values():
        children.setdefault(entry.parent, []).append(entry.pid)
    found: set[int] = set()
    pending = list(roots)
    while pending:
        pid = pending.pop()
        if pid in found or pid not in table or skip(pid):
            continue
        found.add(pid)
        pending.extend(children.get(pid, ()))
    return found


def belongings(mark: str, record: Mapping[str, Any], *, whole_stack: bool = False) -> dict[int, Entry]:
    """
    Return the live processes of the program `mark`, however far they strayed.

    `record` is what `load` returned for the program. Its own process group, its recorded descendants and
    everything that carries its mark count, with all that descends from them, except what carries another mark:
    that belongs to another program or to another stack that was started from inside this one.
    """
    table = snapshot()
    marks = {pid: mark_of(pid) for pid in table}

    def ours(text: str) -> bool:
        return text.startswith(mark) if whole_stack else text == mark

    roots = {pid for pid, text in marks.items() if text and ours(text)} | _recorded_pids(table, record)
    found = descendants(table, roots, lambda pid: bool(marks[pid]) and not ours(marks[pid]))
    return {pid: table[pid] for pid in found - _ancestors(table, os.getpid())}


def _recorded_pids(table: Table, record: Mapping[str, Any]) -> set[int]:
    known = {**record.get("descendants", {}), record.get("pid", 0): record.get("start")}
    found = {pid for pid, start in known.items() if pid in table and table[pid].start == start}
    group, session = record.get("pid"), record.get("session")
    return found | {each.pid for each in table.values() if each.group == group and each.session == session}


def _ancestors(table: Table, pid: int) -> set[int]:
    found: set[int] = set()
    while pid in table and pid not in found:
        found.add(pid)
        pid = table[pid].parent
    return found


def end(remaining: Callable[[], Iterable[int]], grace: float, first: int = signal.SIGTERM) -> bool:
    """Signal what remains until nothing does, with SIGKILL after `grace` seconds; tell whether it worked."""
    signalled: set[int] = set()
    kill_at = time.monotonic() + grace
    while pids := set(remaining()):
        now = time.monotonic()
        if now > kill_at + _LAST_WAIT:
            return False
        for pid in pids if now >= kill_at else pids - signalled:
            send(pid, signal.SIGKILL if now >= kill_at else first)
        signalled |= pids
        time.sleep(_PAUSE)
    return True


def send(pid: int, number: int) -> None:
    """Signal a process; one that is gone is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def load(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a JSON object; empty when the file is missing or damaged."""
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def load_record(stem: str) -> dict[str, Any]:
    """Read what is recorded of the program whose files start with `stem`."""
    content = load(f"{stem}.pid.json")
    record = {name: value for name, value in content.items() if isinstance(value, _RECORD.get(name, ()))}
    tree = load(f"{stem}.tree.json")
    record["descendants"] = {int(pid): start for pid, start in tree.items() if pid.isdigit()}
    return record


def save(path: str, content: Mapping[str, Any]) -> None:
    """Write a JSON object that only the owner can read, all of it or nothing."""
    part = f"{path}.{os.getpid()}.part"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file)
    os.replace(part, path)


def _from_proc() -> Iterable[Entry]:
    boot = _boot()
    for name in os.listdir("/proc"):
        if name.isdigit() and (entry := _read_stat(int(name), boot)):
            yield entry


def _boot() -> str:
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read(8)


def _read_stat(pid: int, boot: str) -> Entry | None:
    """Read /proc/PID/stat, proc(5); the name in parentheses may hold anything."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    if len(fields) <= _MEMORY:
        return None
    state, parent, group, session = fields[:4]
    start = f"{boot}-{fields[_START].decode()}"
    memory = int(fields[_MEMORY]) * os.sysconf("SC_PAGE_SIZE")
    return Entry(pid, int(parent), int(group), int(session), start, state.decode(), memory)


def _from_ps() -> Iterable[Entry]:
    """Ask ps(1) where there is no /proc; it cannot tell the session in a portable way."""
    import subprocess

    command = ["ps", "-A", "-o", "pid=,ppid=,pgid=,stat=,rss=,lstart="]
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        pid, parent, group, state, memory, start = line.split(maxsplit=5)
        yield Entry(int(pid), int(parent), int(group), 0, start.strip(), state[:1], int(memory) * 1024)
