"""A server that passes requests on to the scoring server of a version, in whose environment the model is."""

from __future__ import annotations

import json
import socket
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_server.processes import SCORING, Child, KeptServer, Records, StartError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from model_server.releases import Release
    from model_server.versions import ModelVersion

START_SECONDS = 300.0  # a big model may load for minutes
DRAIN_SECONDS = 60.0
END_SECONDS = 20.0  # a scoring server takes 10 s at most to answer what it has in hand
LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Scorer:
    """MLflow's scoring server of a version."""

    version: ModelVersion
    folder: Path
    worker: KeptServer
    listener: socket.socket
    """Ours, so that the port outlives a scoring server that dies."""

    @property
    def port(self) -> int:
        """Return where it listens, for as long as it is served."""
        return int(self.listener.getsockname()[1])

    def end(self) -> None:
        """End the scoring server."""
        self.worker.stop(END_SECONDS)
        self.listener.close()


class Front(ABC):
    """The server, kept alive with the scoring servers behind it; the former version is served until the new one answers."""

    def __init__(self, data: Path) -> None:
        """End what a crash left in `data`, the folder of the server's files."""
        self.data = data
        self.present: Scorer | None = None
        self._records = Records(data / "workers")
        self._records.end_leftovers()
        self._lock = threading.Lock()
        self._scorers: list[Scorer] = []
        self._closed = False
        self._server = KeptServer(self.spawn, self._records)

    @abstractmethod
    def spawn(self) -> Child:
        """Start the server, which may find a version to serve."""

    @abstractmethod
    def switch(self, scorer: Scorer) -> None:
        """Have the server serve a version; raise StartError, and it serves what it served before."""

    @abstractmethod
    def unload(self) -> None:
        """Have the server serve nothing."""

    def is_draining(self, former: Scorer) -> bool:
        """Tell whether the server still has requests for a version that was replaced; asked again and again."""
        del former
        return False

    def start(self) -> None:
        """Start with no model; raise StartError when the server does not come up."""
        self._server.start(START_SECONDS)

    @property
    def is_ending(self) -> bool:
        """Tell whether everything ends."""
        return self._closed

    def replace(self, release: Release) -> None:
        """Serve a release; raise StartError, and the former one is served as before."""
        listener = socket.create_server(("127.0.0.1", 0))
        worker = KeptServer(lambda: self._spawn_worker(release, listener), self._records)
        scorer = Scorer(release.version, release.folder, worker, listener)
        with self._lock:
            if self._closed:
                raise StartError("stopped")
            self._scorers.append(scorer)
        try:
            worker.start(START_SECONDS)
            self.switch(scorer)
        except StartError:
            self._forget(scorer)
            raise
        former, self.present = self.present, scorer
        self._retire(former)

    def withdraw(self) -> None:
        """Serve nothing."""
        former, self.present = self.present, None
        try:
            self.unload()
        finally:
            self._retire(former)

    def up(self) -> bool:
        """Tell whether the server and the scoring server answer."""
        present = self.present
        return self._server.port is not None and present is not None and present.worker.port is not None

    def close(self) -> None:
        """End the server, then every scoring server."""
        with self._lock:
            self._closed = True
            scorers = list(self._scorers)
        self._server.stop(END_SECONDS)
        for each in scorers:
            each.end()

    def child(self, command: Sequence[str], env: Mapping[str, str], port: int, ready: str) -> Child:
        """Start the server by a command, ready when it answers at a path."""
        return Child(command, env, port, self.data, ready=ready)

    def _spawn_worker(self, release: Release, listener: socket.socket) -> Child:
        fd = listener.fileno()
        command = [str(release.python), "-P", str(SCORING), "--fd", str(fd), str(release.folder)]
        return Child(command, release.environment(), listener.getsockname()[1], self.data, [fd])

    def _retire(self, former: Scorer | None) -> None:
        if former:
            threading.Thread(target=self._drain, args=[former], daemon=True).start()

    def _drain(self, former: Scorer) -> None:
        """End a scoring server once what was passed on to it is answered."""
        deadline = time.monotonic() + DRAIN_SECONDS
        time.sleep(LOOK_SECONDS)  # for a request that is just being passed on
        while self.is_draining(former) and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
        self._forget(former)

    def _forget(self, scorer: Scorer) -> None:
        scorer.end()
        with self._lock:
            self._scorers.remove(scorer)


class TellingFront(Front):
    """A front whose server reads a file at each request: which version is served, and where its scoring server listens."""

    @property
    def file(self) -> Path:
        """Return the file, which is there while something is served."""
        return self.data / "present.json"

    def start(self) -> None:
        """Start with no model; raise StartError when the server does not come up."""
        self.unload()  # what is to be served is told anew
        super().start()

    def switch(self, scorer: Scorer) -> None:
        """Write the file at once."""
        draft = self.file.with_suffix(".draft")
        told = {"port": scorer.port, "version": scorer.version.version, "folder": str(scorer.folder)}
        draft.write_text(json.dumps(told))
        draft.replace(self.file)

    def unload(self) -> None:
        """Remove the file."""
        self.file.unlink(missing_ok=True)
