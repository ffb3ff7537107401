"""Keep a folder as an object store is, for servers that can only read folders."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from model_server.objects import objects_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from model_server.objects import Objects

AGAIN_SECONDS = 5.0
"""Seconds until a store that did not answer is looked at again."""
log = logging.getLogger("models")


class Mirror(Protocol):
    """A folder with what a store has."""

    def refresh(self) -> None:
        """Look at the store once, and do what follows."""


def follow(mirror: Mirror, seconds: float, ended: threading.Event) -> None:
    """Look for changes until the end; a store that does not answer now will do so later."""
    while not ended.is_set():
        pause = seconds
        try:
            mirror.refresh()
        except Exception as error:  # whatever went wrong, the server goes on with what it has
            log.warning("the models could not be looked at: %r", error)
            pause = min(seconds, AGAIN_SECONDS)
        ended.wait(pause)


def run(make: Callable[[Objects], Mirror], seconds: float) -> None:
    """Follow the store that STORE_URL names until a signal ends us."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    follow(make(objects_at(os.environ["STORE_URL"])), seconds, ended)


def parser(description: str | None, reader: str) -> argparse.ArgumentParser:
    """Return what all followers understand; `reader` is who sees the folder too."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--data", type=Path, required=True, help=f"the folder that {reader} sees too")
    made.add_argument("--poll-seconds", type=float, default=30.0, help="seconds between two looks")
    made.add_argument(
        "--settle-seconds",
        type=float,
        default=30.0,
        help="age of the newest file when what it belongs to counts as complete",
    )
    return made
