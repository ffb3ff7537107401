"""Verbs of a target live in modules of their own, which are imported when they are used: start-up time."""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any, Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def verb(find: Callable[[], Callable[P, R]]) -> Callable[Concatenate[Any, P], R]:
    """Make a method of the function that `find` returns; it is looked for when the method is called."""

    def call(_: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return find()(*args, **kwargs)

    return call


def modules_of(package: str) -> Callable[[str], ModuleType]:
    """Return the `__getattr__` of a package (PEP 562) that imports its modules when they are asked for."""

    def load(name: str) -> ModuleType:
        try:
            return import_module(f"{package}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{package}.{name}":
                raise
            raise AttributeError(f"`{package}` has no module `{name}`") from None

    return load
