"""Keep what is deployed equal to what the alias names."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Protocol

from model_server.environments import PreparationError
from model_server.processes import StartError
from model_server.versions import ModelVersion, RegistryUnreachableError

if TYPE_CHECKING:
    from model_server.registry import Registry
    from model_server.releases import Release, Releases

RETRY_SECONDS = 30.0
LONGEST_RETRY_SECONDS = 600.0
log = logging.getLogger("model_server")


class Deployment(Protocol):
    """What runs the server of a release."""

    def replace(self, release: Release) -> None:
        """Serve a release instead of the present one; raise StartError and leave the present one."""

    def withdraw(self) -> None:
        """Serve nothing."""

    def up(self) -> bool:
        """Tell whether a server answers now."""

    def close(self) -> None:
        """End everything, and start nothing any more."""


class Follower:
    """Looks at the alias again and again, in a thread of its own."""

    def __init__(self, registry: Registry, releases: Releases, deployment: Deployment, poll_seconds: float) -> None:
        self._registry = registry
        self._releases = releases
        self._deployment = deployment
        self._poll_seconds = poll_seconds
        self._current: ModelVersion | None = None
        self._preparing: ModelVersion | None = None
        self._failed: ModelVersion | None = None
        self._registry_problem = ""
        self._release_problem = ""
        self._retry_at = 0.0
        self._retry_pause = RETRY_SECONDS
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End the preparation under way and every server."""
        self._stopping.set()
        self._releases.stop()
        self._deployment.close()

    def health(self) -> dict[str, str]:
        """Say what is served, what is awaited and what went wrong."""
        current, preparing = self._current, self._preparing
        problem = self._release_problem or self._registry_problem
        said = self._serving(current) if current else self._waiting()
        said |= {"preparing": preparing.version} if preparing and preparing != current else {}
        return said | ({"problem": problem} if problem else {})

    def step(self) -> None:
        """Look at the alias once and do what follows from it."""
        try:
            target = self._registry.find()
            self._registry_problem = ""
        except RegistryUnreachableError as error:
            if not self._registry_problem:
                log.warning("registry unreachable: %s", error)
            self._registry_problem = f"registry unreachable: {error}"
            target = self._current or self._releases.recall()
            if target is None:
                return
        self._follow(target)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.step()
            except Exception as error:  # the thread is all that follows the alias: it must outlive any surprise
                log.exception("cannot follow %s", self._registry.uri)
                self._release_problem = f"{type(error).__name__}: {error}"
            self._stopping.wait(self._poll_seconds)

    def _follow(self, target: ModelVersion | None) -> None:
        if target is None:
            self._settle()
            self._withdraw()
        elif target == self._current:
            self._settle()
        elif target != self._failed or time.monotonic() >= self._retry_at:
            self._deploy(target)

    def _settle(self) -> None:
        self._failed, self._release_problem, self._retry_pause = None, "", RETRY_SECONDS

    def _withdraw(self) -> None:
        if self._current:
            log.warning("%s names no version any more", self._registry.uri)
            self._current = None
            self._deployment.withdraw()
            self._releases.remember(None)

    def _deploy(self, target: ModelVersion) -> None:
        log.info("%s is version %s: preparing it", self._registry.uri, target.version)
        self._preparing = target
        try:
            self._deployment.replace(self._releases.prepare(target))
        except (PreparationError, StartError) as error:
            self._fail(target, str(error))
        else:
            self._current = target
            self._settle()
            self._releases.remember(target)
            log.info("serving version %s", target.version)
        finally:
            self._preparing = None

    def _fail(self, target: ModelVersion, reason: str) -> None:
        if target != self._failed:
            self._retry_pause = RETRY_SECONDS
        self._failed = target
        self._retry_at = time.monotonic() + self._retry_pause
        self._retry_pause = min(self._retry_pause * 2, LONGEST_RETRY_SECONDS)
        self._release_problem = f"version {target.version} cannot be served: {reason}"
        log.warning("%s", self._release_problem)

    def _serving(self, current: ModelVersion) -> dict[str, str]:
        status = "serving" if self._deployment.up() else "restarting"
        return {
            "status": status, "uri": self._registry.uri, "model": current.name,
            "version": current.version, "run_id": current.run_id,
        }  # fmt: skip

    def _waiting(self) -> dict[str, str]:
        status = "preparing" if self._preparing else "failed" if self._failed else "waiting"
        return {"status": status, "waiting_for": self._registry.uri}
