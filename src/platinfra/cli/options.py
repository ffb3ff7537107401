"""Arguments and options that several commands share."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
Command = Callable[..., None]


class Which(NamedTuple):
    """The stack that a command is about: its file, the nearest where none is named, and one of its environments."""

    file: Path | None
    environment: str | None


environment = click.option("--env", "environment", metavar="NAME", help="Use this environment of the stack file.")
"""Adds the option `--env`."""
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
"""Adds the flag `--json`."""
without = click.option(
    "--without", multiple=True, metavar="TOOL", help="Leave out a component and the wires to it. Repeatable."
)
"""Adds the option `--without`."""
why = click.option("--why", default="", metavar="TEXT", help="Local: the reason, for the audit log.")
"""Adds the option `--why`."""
confirm = click.option(
    "--confirm", metavar="STACK", help="AWS: the stack's name, to confirm data loss without being asked."
)
"""Adds the option `--confirm`."""


def stack_file(function: Command) -> Command:
    """Add the argument FILE and the option `--env`; the command gets both as `which`."""
    argument = click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
    return argument(environment(_which(function)))


def stack_folder(function: Command) -> Command:
    """Add the options `--file` and `--env`, for commands that need only the state beside the file; they get `which`."""
    option = click.option(
        "--file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="The stack file. The default is platinfra.yaml in this folder or a parent.",
    )
    return option(environment(_which(function)))


def inner(own: Which, outer: Which) -> Which:
    """Return the stack that a subcommand is about: by its own options, else by those before its name."""
    return Which(own.file or outer.file, own.environment or outer.environment)


def _which(function: Command) -> Command:
    @wraps(function)
    def command(*, file: Path | None, environment: str | None, **others: Any) -> None:
        function(which=Which(file, environment), **others)

    return command


def _components(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    from platinfra.app.stacks import component_names

    names = component_names(ctx.params.get("file"), ctx.params.get("environment"))
    return [name for name in names if name.startswith(incomplete)]


def component(*, required: bool) -> Callable[[F], F]:
    """Add the argument COMPONENT, completed from the running stack."""
    return click.argument("component", required=required, shell_complete=_components)


def as_component(function: F) -> F:
    """Add the option `--as`, completed from the running stack."""
    option = click.option(
        "--as",
        "component",
        metavar="COMPONENT",
        shell_complete=_components,
        help="Run it in the environment of this component's server.",
    )
    return option(function)
