"""Which scoring worker gets the requests, and how it is replaced without losing one."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_server.processes import SCORING, Child, KeptServer, Records, StartError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from model_server.releases import Release
    from model_server.versions import ModelVersion

START_SECONDS = 300.0  # a big model may load for minutes
DRAIN_SECONDS = 60.0
END_SECONDS = 5.0


class NotServingError(Exception):
    """No scoring worker can take a request now."""


@dataclass
class Worker:
    """A kept scoring server and the number of requests it has in hand."""

    version: ModelVersion
    server: KeptServer
    active: int = 0


class Traffic:
    """Sends every request to the present worker; a replaced one ends after its last answer."""

    def __init__(self, data: Path, announce: Callable[[ModelVersion | None], None]) -> None:
        self._data = data
        self._records = Records(data / "workers")
        self._records.end_leftovers()
        self._announce = announce
        self._lock = threading.Lock()
        self._present: Worker | None = None
        self._servers: list[KeptServer] = []
        self._closed = False

    @contextlib.contextmanager
    def lease(self) -> Iterator[tuple[int, ModelVersion]]:
        """Hold the present worker for one request: its port and version."""
        with self._lock:
            worker = self._present
            port = worker.server.port if worker else None
            if worker is None or port is None:
                raise NotServingError
            worker.active += 1
        try:
            yield port, worker.version
        finally:
            with self._lock:
                worker.active -= 1

    def replace(self, release: Release) -> None:
        """Start a worker of the release, switch to it, and end the former one after its last answer."""
        server = KeptServer(lambda: self._spawn(release), self._records)
        with self._lock:
            if self._closed:
                raise StartError("stopped")
            self._servers.append(server)
        try:
            server.start(START_SECONDS)
        except StartError:
            with self._lock:
                self._servers.remove(server)
            raise
        self._switch(Worker(release.version, server))

    def withdraw(self) -> None:
        """Send no more requests anywhere, and end the worker after its last answer."""
        self._switch(None)

    def up(self) -> bool:
        """Tell whether the present worker answers."""
        present = self._present
        return present is not None and present.server.port is not None

    def close(self) -> None:
        """End every worker at once."""
        with self._lock:
            self._closed = True
            servers = list(self._servers)
        for server in servers:
            server.stop(END_SECONDS)

    def _switch(self, new: Worker | None) -> None:
        with self._lock:
            old, self._present = self._present, new
        self._announce(new.version if new else None)
        if old:
            threading.Thread(target=self._retire, args=[old], daemon=True).start()

    def _retire(self, old: Worker) -> None:
        deadline = time.monotonic() + DRAIN_SECONDS
        while old.active and time.monotonic() < deadline:
            time.sleep(0.02)
        old.server.stop(END_SECONDS)
        with self._lock:
            self._servers.remove(old.server)

    def _spawn(self, release: Release) -> Child:
        # Handing over a bound socket, rather than a port number, leaves nobody time to take the port.
        with socket.create_server(("127.0.0.1", 0)) as listener:
            fd = listener.fileno()
            command = [str(release.python), "-P", str(SCORING), "--fd", str(fd), str(release.folder)]
            port: int = listener.getsockname()[1]
            return Child(command, release.environment(), port, self._data, [fd])
