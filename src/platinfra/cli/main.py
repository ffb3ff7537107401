"""The command line: a lazy group, and the one place where errors become text and exit codes."""

import os
import sys
from types import SimpleNamespace
from typing import Any

import click

from platinfra import __version__
from platinfra.cli.lazy import LazyGroup

EPILOG = """\b
First steps:
  platinfra init                write a stack file
  platinfra up                  start it
  platinfra status              show its health
  platinfra run -- python x.py  run code that uses it
"""


@click.group(
    cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="platinfra")
def cli() -> None:
    """Turn one YAML file into a working MLOps platform."""


def run() -> int:
    """Run the command line and return its exit code."""
    leave_out_plugins()
    try:
        cli.main(prog_name="platinfra", standalone_mode=False, color=False if os.environ.get("NO_COLOR") else None)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted: nothing is lost, the next command continues from here", err=True)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        return _report_failure(error)
    return 0


def leave_out_plugins(modules: dict[str, Any] = sys.modules) -> None:
    """
    Stand in for the module that finds plug-ins of pydantic: to look for them takes longer than to read a stack.

    An environment variable can say so too, but pydantic loads what reads packages all the same, and it is inherited.
    """
    modules.setdefault("pydantic.plugin._loader", SimpleNamespace(get_plugins=tuple))


def _report_failure(error: Exception) -> int:
    from platinfra.cli import render
    from platinfra.diagnostics import PlatinfraError

    if isinstance(error, PlatinfraError):
        render.diagnostics(error.diagnostics)
        return error.exit_code
    if os.environ.get("PLATINFRA_DEBUG"):
        raise error
    click.echo(f"bug: {type(error).__name__}: {error}", err=True)
    click.echo(
        "This is a bug in platinfra. Run the command again with PLATINFRA_DEBUG=1 and report the output.",
        err=True,
    )
    return 70
