"""Who may do what, and which wire asked for it."""

from pathlib import Path

from platinfra.app.stacks import stack_of
from platinfra.targets.answers import Permissions


def permissions(file: Path | None, environment: str | None, without: tuple[str, ...] = ()) -> Permissions:
    """Return the permissions of a stack; raise PlatinfraError when the file is wrong."""
    stack, target = stack_of(file, environment, without)
    return target.permissions(stack)


def policy(file: Path | None, environment: str | None, without: tuple[str, ...] = ()) -> str:
    """Return the documents that enforce the permissions."""
    stack, target = stack_of(file, environment, without)
    return target.policy(stack)


def operator_policy(file: Path | None, environment: str | None, without: tuple[str, ...] = ()) -> str:
    """Return the least permissions with which somebody can run `up` and `down`."""
    stack, target = stack_of(file, environment, without)
    return target.operator_policy(stack)
