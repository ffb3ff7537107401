"""The variables that code gets of several tools at once, two of which may give one of the same name."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")


def prefix_of(component: str) -> str:
    """Return what stands before the variables of a component whose plain names another one has: `OTHER_`."""
    return f"{component.upper().replace('-', '_')}_"


def join_variables(parts: Iterable[tuple[str, Mapping[str, T]]], base: Mapping[str, T]) -> dict[str, T]:
    """
    Return the variables of all components, given as their names and their own variables.

    The first component that gives a variable has its plain name. Where a later one says something else, its variable
    begins with the component's name.
    """
    found, owners = dict(base), dict.fromkeys(base, "")
    for component, variables in parts:
        added = {}
        for name, value in variables.items():
            owner = owners.setdefault(name, component)
            if owner != component and name in found and found[name] != value:
                added[f"{prefix_of(component)}{name}"] = value
            else:
                added[name] = value
        found = {**added, **found}
    return found


def variables_of(component: str, names: Iterable[str], joined: Mapping[str, T]) -> dict[str, T]:
    """Return a component's own variables by their plain names, out of those of all."""
    prefix = prefix_of(component)
    return {name: joined[f"{prefix}{name}"] for name in names if f"{prefix}{name}" in joined}
