"""TCP ports of this machine: free ones for a stack, and who holds the others."""

import errno
import socket
import time
from collections.abc import Iterable, Iterator, Mapping

from platinfra.diagnostics import ActionError, Diagnostic, PlatinfraError
from platinfra.model.ports import Listener

_LAST = 65535
_UNPRIVILEGED = 1024
_ADDRESSES = (
    (socket.AF_INET, "127.0.0.1"),
    (socket.AF_INET, "0.0.0.0"),  # noqa: S104
    (socket.AF_INET6, "::1"),
    (socket.AF_INET6, "::"),
)
_ASKED = 20
_PAUSE = 0.01
"""Seconds."""
_NO_SUCH_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT)


def assign(
    wanted: Mapping[str, int],
    kept: Mapping[str, int],
    own_pids: frozenset[int],
    avoid: frozenset[int] = frozenset(),
) -> dict[str, int]:
    """
    Give each name of `wanted` a port: the one it had, else its usual one, else the next free one.

    `kept` ports stay as they are, taken or not, so that addresses never change by themselves. What one of
    `own_pids` listens on counts as free, what is in `avoid` as taken. Raises ActionError when no port is left.
    """
    found = {name: kept[name] for name in wanted if name in kept}
    own = frozenset(port for port, pid in _listening() if pid in own_pids) if own_pids else frozenset()
    missing = [name for name in wanted if name not in found]
    for name in missing:
        if wanted[name] not in {*found.values(), *avoid} and _usable(wanted[name], own):
            found[name] = wanted[name]
    for name in missing:
        if name not in found:
            found[name] = _next(wanted[name], {*found.values(), *wanted.values(), *kept.values(), *avoid}, own)
    return {name: found[name] for name in wanted}


def is_free(port: int) -> bool:
    """Tell whether nothing listens on the port, on loopback or on every address."""
    return all(_can_bind(family, address, port) for family, address in _ADDRESSES)


def listen(port: int, *, or_next: bool = False) -> socket.socket:
    """Return a socket that listens on 127.0.0.1; raise PlatinfraError for a port that is taken, unless the next will do."""
    found = assign({"own": port}, {}, frozenset())["own"] if or_next else port
    door = socket.socket()
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(("127.0.0.1", found))
        door.listen()
    except OSError as error:
        door.close()
        message = f"port {port} cannot be used: {error.strerror}"
        raise PlatinfraError(Diagnostic("port-refused", message, hint="name another one with `--port`")) from None
    return door


def holder(port: int) -> str | None:
    """Name who listens on a port, another stack or a process as `python3 (pid 123)`; None when the port is free."""
    for _ in range(_ASKED):
        if is_free(port):
            return None
        from platinfra.drivers.owners import owner  # start-up time: `plan` and `up` seldom find a port taken

        for found_port, pid in _listening():
            if found_port == port and pid is not None:
                return owner(pid) or _program_name(pid)
        # What another thread starts at this moment holds a copy of our own probe until it becomes its program.
        time.sleep(_PAUSE)
    return "a process of another user"


def listeners_of(pids: Iterable[int]) -> list[Listener]:
    """Return the TCP sockets that the processes listen on; what ended meanwhile has none."""
    import psutil

    found: set[tuple[str, int, int]] = set()
    for pid in pids:
        try:
            connections = psutil.Process(pid).net_connections(kind="tcp")
        except psutil.Error:
            continue
        listening = [each.laddr for each in connections if each.laddr and each.status == psutil.CONN_LISTEN]
        found |= {(each.ip, each.port, pid) for each in listening}
    return [Listener(*each) for each in sorted(found)]


def _usable(port: int, own: frozenset[int]) -> bool:
    return port in own or is_free(port)


def _next(usual: int, taken: set[int], own: frozenset[int]) -> int:
    for port in _candidates(usual):
        if port not in taken and _usable(port, own):
            return port
    raise ActionError(Diagnostic("no-free-port", f"no TCP port is free at or above {usual}"))


def _candidates(usual: int) -> Iterator[int]:
    """Count upwards and start again from the bottom; ports the system hands out by itself come last."""
    first, last = _ephemeral()
    ports = [*range(max(usual, _UNPRIVILEGED), _LAST + 1), *range(_UNPRIVILEGED, usual)]
    yield from (port for port in ports if not first <= port <= last)
    yield from (port for port in ports if first <= port <= last)


def _ephemeral() -> tuple[int, int]:
    """Return the range of ports for outgoing connections, ip(7); elsewhere what IANA suggests."""
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
            first, last = file.read().split()
    except (OSError, ValueError):
        return 49152, _LAST
    return int(first), int(last)


def _can_bind(family: socket.AddressFamily, address: str, port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # Without it a port whose connections closed a moment ago looks taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind((address, port))
            # Two sockets may be bound with SO_REUSEADDR as long as none listens.
            probe.listen(1)
    except OSError as error:
        return error.errno in _NO_SUCH_ADDRESS
    return True


def _listening() -> list[tuple[int, int | None]]:
    """Return port and pid of every listener that this user may see."""
    import psutil

    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.Error:
        return []
    return [(each.laddr.port, each.pid) for each in connections if each.laddr and each.status == psutil.CONN_LISTEN]


def _program_name(pid: int) -> str:
    import psutil

    try:
        return f"{psutil.Process(pid).name()} (pid {pid})"
    except psutil.Error:
        return f"pid {pid}"
