"""What the portal shows of a stack, and the one thing that it does to it."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platinfra.app.stacks import brought_up, target_of
from platinfra.diagnostics import PlatinfraError
from platinfra.drivers.files import LocalFiles
from platinfra.drivers.own_command import run_own
from platinfra.model.event import Event
from platinfra.model.workspace import DEFAULT, Workspace
from platinfra.targets.answers import ComponentStatus, LogReader, RunningStack, Talk

_PATIENCE = 120.0
"""Seconds in which `plan` and `tools` have to answer."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a command of platinfra answered: data, or why there is none."""

    data: Mapping[str, Any] | None
    messages: str


@dataclass(frozen=True, slots=True)
class Window:
    """One stack, looked at again and again: every call reads what is the case now, and keeps nothing."""

    workspace: Workspace

    def status(self) -> list[ComponentStatus]:
        """Return how each component is; raise PlatinfraError when no stack is running."""
        return target_of(self.workspace).status(self.workspace)

    def describe(self) -> RunningStack:
        """Return the stack as it was brought up; raise PlatinfraError when no stack is running."""
        return target_of(self.workspace).describe(self.workspace)

    def logs(self) -> LogReader:
        """Return what reads its logs; raise PlatinfraError when no stack is running."""
        return target_of(self.workspace).open_logs(self.workspace)

    def restart(self, component: str) -> list[Event]:
        """Restart a component and wait until it is ready; return what happened. Raises PlatinfraError when it is not."""
        events: list[Event] = []
        target_of(self.workspace).restart(self.workspace, component, Talk(events.append, why="asked for in the portal"))
        return events

    def plan(self) -> Answered:
        """Return what `plan --json` answers now."""
        return self._ask("plan", str(self.workspace.file.absolute()), *self._environment)

    def tools(self) -> Answered:
        """Return what `tools --json` answers for the stack's target."""
        return self._ask("tools", "--target", target_of(self.workspace).name)

    def command(self, verb: str, *arguments: str) -> str:
        """Return a command about this stack as people type it in its folder."""
        named = self.workspace.file.name != "platinfra.yaml"
        by_argument = verb in {"up", "plan", "graph", "validate"}
        file = ((self.workspace.file.name,) if by_argument else ("--file", self.workspace.file.name)) if named else ()
        return shlex.join(["platinfra", verb, *arguments, *file, *self._environment])

    @property
    def _environment(self) -> tuple[str, ...]:
        return () if self.workspace.environment == DEFAULT else ("--env", self.workspace.environment)

    def _ask(self, verb: str, *arguments: str) -> Answered:
        code, out, messages = run_own((verb, *arguments, "--json"), self.workspace.folder, timeout=_PATIENCE)
        return Answered(json.loads(out) if code == 0 else None, messages.strip())


def leading_file(window: Window, address: str) -> str | None:
    """Return a private file that leads a browser to an address: its arguments are visible to every user. None without a stack."""
    file = window.workspace.root / "pages" / "portal.html"
    if not window.workspace.root.is_dir():
        return None
    LocalFiles().folder(file.parent)
    LocalFiles().write(
        file, f'<!doctype html><meta http-equiv="refresh" content="0; url={address}"><title>portal</title>'
    )
    return file.as_uri()


def window(file: Path | None, environment: str | None) -> Window:
    """
    Return the stack that a command means, looked at once: the first page then waits for nothing to be loaded.

    Raises PlatinfraError for a target that the portal cannot show.
    """
    workspace, target = brought_up(file, environment)
    try:
        target.describe(workspace)
        target.status(workspace)
    except PlatinfraError as error:
        if error.diagnostics[0].code != "not-up":
            raise
    return Window(workspace)
