"""What the state tells of a stack that was brought up; the stack file is not needed."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platinfra.app import local
from platinfra.app.workspace import Workspace, at
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.state import State
from platinfra.targets.local.layout import Layout

_NOT_PASSED = ("PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "PYDANTIC_DISABLE_PLUGINS")
"""Settings of this process that a user's command must not inherit."""


@dataclass(frozen=True, slots=True)
class Running:
    """A stack as its state describes it."""

    workspace: Workspace
    state: State

    @property
    def components(self) -> Mapping[str, Mapping[str, Any]]:
        """Return what is known of each component."""
        return self.state.components

    @property
    def layout(self) -> Layout:
        """Return the folders of the stack."""
        return Layout(self.workspace.root)

    def client_env(self) -> dict[str, str]:
        """Return the variables a client of the stack needs, secrets included."""
        try:
            env = json.loads(self.layout.client_env.read_text())
        except (OSError, ValueError):
            raise not_up(self.workspace) from None
        return {str(key): str(value) for key, value in env.items()}

    def command_env(self) -> dict[str, str]:
        """Return the caller's environment with the stack's variables and the client's programs first on PATH."""
        venv = self.layout.client_venv
        env = {**os.environ, **self.client_env()}
        if venv.exists():
            env |= {"VIRTUAL_ENV": str(venv), "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
        for name in _NOT_PASSED:
            env.pop(name, None)
        return env


def running(file: Path | None, environment: str | None, *, up: bool = False) -> Running:
    """Return the stack that was brought up; raise PlatinfraError when there is none, or none that is still `up`."""
    workspace = at(file, environment)
    state, _ = local.load_state(workspace)
    if state.target in _ELSEWHERE:
        raise PlatinfraError(_elsewhere(state))
    if not state.components or (up and not state.applied):
        raise not_up(workspace)
    return Running(workspace, state)


def not_up(workspace: Workspace) -> PlatinfraError:
    """Say that a command needs a running stack."""
    message = f"no stack is up in `{workspace.folder}` (environment `{workspace.environment}`)"
    return PlatinfraError(Diagnostic("not-up", message, hint="bring it up with `platinfra up`"))


_ELSEWHERE = {
    "aws": (
        "on AWS",
        "`platinfra plan` and `platinfra drift` look at the account; an environment with `provider: {name: local}` runs here",
    ),
    "kubernetes": (
        "in a cluster",
        "`status`, `logs`, `open`, `plan` and `drift` look at the cluster; `kubectl rollout restart` restarts a workload",
    ),
}


def _elsewhere(state: State) -> Diagnostic:
    where, hint = _ELSEWHERE[state.target]
    message = f"the stack `{state.stack}` is {where}, and this command looks at processes of this machine"
    return Diagnostic("not-on-this-machine", message, hint=hint)
