"""What the record tells of a stack that was brought up; the stack file is not needed."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from platinfra.drivers.loopback import direct_to_loopback
from platinfra.model.workspace import Workspace
from platinfra.targets.local.layout import Layout
from platinfra.targets.local.record import LocalComponent, LocalRecord
from platinfra.targets.local.verbs import machine
from platinfra.targets.target import not_up

_NOT_PASSED = ("PYTHONHOME", "PYTHONDONTWRITEBYTECODE")
"""Settings of this process that a user's command must not inherit."""


@dataclass(frozen=True, slots=True)
class Running:
    """A stack as its record describes it."""

    workspace: Workspace
    record: LocalRecord

    @property
    def components(self) -> Mapping[str, LocalComponent]:
        """Return what is known of each component."""
        return self.record.components

    @property
    def layout(self) -> Layout:
        """Return the folders of the stack."""
        return Layout(self.workspace.root)

    def client_env(self) -> dict[str, str]:
        """Return the variables a client of the stack needs, secrets included: whoever asks may be behind a proxy."""
        try:
            env = json.loads(self.layout.client_env.read_text())
        except (OSError, ValueError):
            raise not_up(self.workspace) from None
        return {**direct_to_loopback(os.environ), **{str(key): str(value) for key, value in env.items()}}

    def command_env(self) -> dict[str, str]:
        """Return the caller's environment with the stack's variables and the client's programs first on PATH."""
        venv = self.layout.client_venv
        env = {**os.environ, **self.client_env()}
        if venv.exists():
            env |= {"VIRTUAL_ENV": str(venv), "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
        for name in _NOT_PASSED:
            env.pop(name, None)
        return env


def environment(workspace: Workspace) -> Mapping[str, str]:
    """Return the variables that a client of the stack needs."""
    return running(workspace, up=True).client_env()


def command_environment(workspace: Workspace) -> Mapping[str, str]:
    """Return the caller's environment with what a client of the stack needs."""
    return running(workspace, up=True).command_env()


def running(workspace: Workspace, *, up: bool = False) -> Running:
    """Return the stack that was brought up; raise PlatinfraError when there is none, or none that is still `up`."""
    record, _ = machine.load_record(workspace)
    if not record.components or (up and not record.applied):
        raise not_up(workspace)
    return Running(workspace, record)
