"""Progress of long work: a live line per component for people, a line per event for logs and programs."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from platinfra.model.event import Event

if TYPE_CHECKING:
    from rich.table import Table

Emit = Callable[[Event], None]
_MARKS = {
    "waiting": ("·", "bright_black"),
    "installing": ("↓", "cyan"),
    "preparing": ("…", "cyan"),
    "starting": ("…", "cyan"),
    "healthy": ("✓", "green"),
    "changing": ("…", "cyan"),
    "applied": ("✓", "green"),
    "unchanged": ("✓", "bright_black"),
    "stopping": ("…", "yellow"),
    "stopped": ("■", "bright_black"),
    "failed": ("✗", "red"),
}


class Lines:
    """Prints a line when a component enters a phase."""

    def __init__(self, *, as_json: bool = False) -> None:
        """Print JSON lines on stdout if asked, text on stderr otherwise."""
        self._json = as_json
        self._phases: dict[str, str] = {}
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Print one event; a component's repeated phase only in JSON."""
        with self._lock:
            if self._json:
                content = {"component": event.component, "phase": event.phase, "detail": event.detail}
                click.echo(json.dumps({**content, "seconds": round(event.seconds, 2)}))
            elif self._phases.get(event.component) != event.phase:
                self._phases[event.component] = event.phase
                mark, color = _MARKS[event.phase]
                line = f"{event.seconds:6.1f} s  {mark} {event.component:<16} {event.phase:<10} {event.detail}".rstrip()
                final = event.phase in {"healthy", "applied", "failed"}
                click.echo(click.style(line, fg=color) if final else line, err=True)


class Live:
    """Redraws one line per component, with the seconds it has taken."""

    def __init__(self) -> None:
        """Prepare the drawing."""
        from rich.console import Console
        from rich.live import Live as RichLive

        self._events: dict[str, tuple[Event, float]] = {}
        self._lock = threading.Lock()
        self._live = RichLive(get_renderable=self._table, console=Console(stderr=True), refresh_per_second=8)

    def stop(self) -> None:
        """Leave the last picture standing."""
        self._live.stop()

    def __call__(self, event: Event) -> None:
        """Take in one event; whatever is asked before the first one needs the terminal for itself."""
        with self._lock:
            self._events[event.component] = (event, time.monotonic())
        if not self._live.is_started:
            self._live.start()

    def _table(self) -> "Table":
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 1))
        with self._lock:
            events = list(self._events.values())
        for event, since in events:
            mark, color = _MARKS[event.phase]
            final = event.phase in {"healthy", "applied", "unchanged", "failed", "stopped", "waiting"}
            seconds = event.seconds if final else event.seconds + time.monotonic() - since
            shown = "" if event.phase in {"unchanged", "waiting"} else f"{seconds:5.1f} s"
            cells = ((mark, color), (event.component, ""), (event.phase, color), (shown, ""), (event.detail[:80], ""))
            table.add_row(*(Text(text, style) for text, style in cells))
        return table


@contextmanager
def choose_progress(*, as_json: bool = False) -> Iterator[Emit]:
    """Give what shows progress to whoever is looking during the block."""
    if as_json or not sys.stderr.isatty():
        yield Lines(as_json=as_json)
        return
    live = Live()
    try:
        yield live
    finally:
        live.stop()
