"""Find targets by name: a lazy table of our own, and what installed packages bring by entry point."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.ground import Computer, Ground

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ENTRY_POINT = "platinfra.targets"
LOCAL = "local"
OWN = {
    LOCAL: "platinfra.targets.local.target",
    "kubernetes": "platinfra.targets.kubernetes.target",
    "aws": "platinfra.targets.aws.target",
}
"""Name to the module that has it."""


class Offer(Protocol):
    """What a stack file can ask a target for; the commands know more of it."""

    name: str
    grounds: tuple[Ground, ...]
    """What it offers by type of deployment; the first is the usual one."""
    defaults: Mapping[str, str]
    """Capability to the tool that meets it when the stack names none, beside what capabilities say themselves."""
    reserved: tuple[str, ...]
    """Patterns of what a stack cannot be called there, with its environment: somebody else's things are called so."""

    def sections(self) -> tuple[Any, Any]:
        """Return the schemas of its `provider` and `deployment` in a stack file."""

    def problems(self, destination: Any) -> Iterator[Diagnostic]:
        """Yield what is wrong with these sections that no schema can say."""

    def needs(self, deployment: Any) -> Iterator[str]:
        """Yield the capabilities that it needs itself, whatever the stack names."""

    def computer(self) -> Computer | None:
        """Return the machine that processes of the stack run on; None where it has none, or none that is known yet."""


def names() -> list[str]:
    """Return the names of all targets; nothing is imported."""
    return [*OWN, *(name for name in _entry_points() if name not in OWN)]


@cache
def find(name: str) -> Offer | None:
    """Return a target; None when there is none, and PlatinfraError when the package that brings it is broken."""
    if name in OWN:
        own: Offer = import_module(OWN[name]).TARGET
        return own
    point = _entry_points().get(name)
    return _load(point) if point else None


def get(name: str) -> Offer:
    """Return a target; raise KeyError when there is none."""
    target = find(name)
    if target is None:
        raise KeyError(name)
    return target


def grounds() -> Mapping[str, tuple[Ground, ...]]:
    """Return what each target offers; those of broken packages are left out, and told where they are named."""
    return {name: target.grounds for name in names() if (target := _working(name)) is not None}


def _entry_points() -> "dict[str, EntryPoint]":
    from importlib.metadata import entry_points  # start-up time: most stacks are on a target of our own

    return {each.name: each for each in entry_points(group=ENTRY_POINT)}


def _working(name: str) -> Offer | None:
    try:
        return find(name)
    except PlatinfraError:
        return None


def _load(point: "EntryPoint") -> Offer | None:
    try:
        target: Offer = point.load()
        offered = target.grounds
    except Exception as error:
        package = point.dist.name if point.dist else point.module
        message = f"the package `{package}` provides the target `{point.name}`, which cannot be loaded"
        hint = f"fix or remove it: `pip uninstall {package}`"
        details = (f"{type(error).__name__}: {error}",)
        raise PlatinfraError(Diagnostic("broken-package", message, hint=hint, details=details)) from None
    return target if offered else None
