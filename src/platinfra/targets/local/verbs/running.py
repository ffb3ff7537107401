"""What the record tells of a stack that was brought up; the stack file is not needed."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.drivers.loopback import direct_to_loopback
from platinfra.model.graph import Binding, Component, Graph
from platinfra.model.variables import join_variables, prefix_of
from platinfra.model.workspace import Workspace
from platinfra.targets.answers import RunningStack
from platinfra.targets.local.layout import Layout
from platinfra.targets.local.record import LocalComponent, LocalRecord, reveal
from platinfra.targets.local.verbs import machine
from platinfra.targets.target import chosen_component, not_up

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

    @property
    def variables(self) -> dict[str, str]:
        """Return the variables a client of the stack needs; secrets are only named."""
        return join_variables(((name, each.client_env) for name, each in self.components.items()), {})

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

    def server_env(self, name: str) -> dict[str, str]:
        """
        Return the environment in which a component's server was started, with what its clients need.

        Raises PlatinfraError for a component that runs no process, or whose process is stopped.
        """
        data = self.components[name]
        if not data.processes:
            raise PlatinfraError(
                Diagnostic("no-server", f"`{name}` runs no process, so there is no environment of its server")
            )
        started = machine.processes(self.workspace).environment(next(iter(data.processes)))
        if not started:
            hint = "start it with `platinfra up`"
            raise PlatinfraError(Diagnostic("not-up", f"`{name}` is stopped", hint=hint))
        own = {key: value for key, value in self.client_env().items() if key in data.client_env}
        return {**own, **started}


def environment(workspace: Workspace) -> Mapping[str, str]:
    """Return the variables that a client of the stack needs."""
    return running(workspace, up=True).client_env()


def describe(workspace: Workspace) -> RunningStack:
    """Return the stack that was brought up, as its record has it."""
    stack = running(workspace)
    components = stack.components
    return RunningStack(
        graph=_graph(stack),
        addresses={
            name: {
                key: end.url if end.ready or key == "http" else f"{end.host}:{end.port}"
                for key, end in each.endpoints.items()
            }
            for name, each in components.items()
        },
        variables={name: _own_variables(name, each.client_env, stack.variables) for name, each in components.items()},
        with_login=frozenset(name for name, each in components.items() if each.page),
    )


def _own_variables(component: str, own: Mapping[str, str], joined: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a component by the names under which clients get them."""
    longer = {name: f"{prefix_of(component)}{name}" for name in own}
    return {longer[name] if longer[name] in joined else name: text for name, text in own.items()}


def _graph(stack: Running) -> Graph:
    components = {
        name: Component(name, each.tool, each.stages, each.settings, reason=each.reason, at=each.at)
        for name, each in stack.components.items()
    }
    bindings = (
        Binding(name, wire.name, wire.provider, wire.capability, wire.access, wire.reason, wire.client)
        for name, each in stack.components.items()
        for wire in each.bindings
    )
    return Graph(stack.record.stack, stack.workspace.environment, stack.record.target, components, tuple(bindings))


def command_environment(workspace: Workspace) -> Mapping[str, str]:
    """Return the caller's environment with what a client of the stack needs."""
    return running(workspace, up=True).command_env()


def server_command(
    workspace: Workspace, component: str, command: Sequence[str]
) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """Return a command of a component's maintenance, with what its tool wants it to have, and its whole environment."""
    stack = running(workspace, up=True)
    name = chosen_component(component, stack.components)
    variables = stack.server_env(name)
    for each in stack.components[name].maintenance:
        words = len(each.command)
        if tuple(command[:words]) == each.command:
            fetch = machine.secrets(workspace).get
            more = {key: reveal(parts, fetch) for key, parts in each.env.items()}
            return (*(each.program or each.command), *each.arguments, *command[words:]), {**variables, **more}
    return tuple(command), variables


def running(workspace: Workspace, *, up: bool = False) -> Running:
    """Return the stack that was brought up; raise PlatinfraError when there is none, or none that is still `up`."""
    record, _ = machine.load_record(workspace)
    if not record.components or (up and not record.applied):
        raise not_up(workspace)
    return Running(workspace, record)
