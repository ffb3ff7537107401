"""
Find programs that no longer listen where they did: a helper of theirs died, and they live on without it.

Only the standard library is imported: the supervisor runs this beside process_tree.
"""

import os
import socket
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

PATIENCE = 15.0
"""Seconds in which a program may start such a helper again by itself."""
_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_LISTEN = "0A"
"""TCP_LISTEN in these tables, proc(5)."""
_ANSWER_WITHIN = 0.2


def listened_on(ports: Collection[int]) -> set[int]:
    """Return those of `ports` on which something on this machine listens."""
    if not os.path.exists(_TABLES[0]):
        return {each for each in ports if _accepts(each)}
    return {port for path in _TABLES if os.path.exists(path) for port in _listening(path) if port in ports}


def _listening(path: str) -> Iterator[int]:
    """Yield the ports of a table, line by line: a busy machine has tens of thousands of connections in it."""
    with open(path, encoding="ascii") as file:
        next(file)
        for line in file:
            _, local, _, state, _ = line.split(None, 4)
            if state == _LISTEN:
                yield int(local.rpartition(":")[2], 16)


def _accepts(port: int) -> bool:
    """Ask by a connection, where the system does not say it otherwise."""
    try:
        socket.create_connection(("127.0.0.1", port), _ANSWER_WITHIN).close()
    except OSError:
        return False
    return True


@dataclass
class Watch:
    """One run of a program, and where it listens."""

    pid: int
    ports: Collection[int]
    start_within: float
    """Seconds in which it listens on all of them for the first time."""
    heard: set[int] = field(default_factory=set)
    missed: dict[int, float] = field(default_factory=dict)
    """Since when nothing has listened on a port."""
    told: bool = False
    """Whether the program was told to stop."""

    def look(self, listened: Collection[int], now: float) -> dict[int, float]:
        """
        Return the ports that have been missing for too long, with the seconds since their time was up.

        `now` is in seconds, of any steady clock.
        """
        self.heard |= set(listened).intersection(self.ports)
        self.missed = {each: self.missed.get(each, now) for each in self.ports if each not in listened}
        late = {each: now - since - self._patience(each) for each, since in self.missed.items()}
        return {each: seconds for each, seconds in late.items() if seconds >= 0}

    def _patience(self, port: int) -> float:
        return PATIENCE if port in self.heard else self.start_within
