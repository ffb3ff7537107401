"""What Dagster runs: the definitions in the project's file, and the jobs of the check."""

import os
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from dagster import Config, Definitions, OpExecutionContext, in_process_executor, job, op


class Text(Config):
    """What the steps of the check are given."""

    text: str


class Script(Config):
    """A Python file and its arguments."""

    file: str
    arguments: list[str]


@op
def keep(config: Text) -> str:
    """Do the first step: hand a text on."""
    return config.text


@op
def turn(context: OpExecutionContext, text: str) -> str:
    """Do the second step: reverse what the first one kept, and show it."""
    context.add_output_metadata({"turned": text[::-1]})
    return text[::-1]


@op
def execute(config: Script) -> None:
    """Run a Python file in a process of its own, with the environment of runs."""
    command = [sys.executable, config.file, *config.arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])


@job(executor_def=in_process_executor)
def platinfra_check() -> None:
    """Reverse a text in two steps."""
    turn(keep())


@job(executor_def=in_process_executor)
def platinfra_check_file() -> None:
    """Run a file as the only step."""
    execute()


def definitions_in(file: Path) -> list[Definitions]:
    """Return the definitions that a file has at its top level; none when there is no such file."""
    if not file.is_file():
        return []
    spec = spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is not a Python file")
    module = sys.modules[file.stem] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return [each for each in vars(module).values() if isinstance(each, Definitions)]


defs = Definitions.merge(
    *definitions_in(Path(os.environ["PROJECT_DEFINITIONS"])), Definitions(jobs=[platinfra_check, platinfra_check_file])
)
