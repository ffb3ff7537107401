"""Find circles among the bindings that order the start of components."""

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from platinfra.diagnostics import Diagnostic
from platinfra.model.graph import Binding
from platinfra.resolve.components import Member


def ordering(bindings: Iterable[Binding]) -> Iterator[Binding]:
    """Yield the bindings whose provider has to be ready first; clients only need an address."""
    return (binding for binding in bindings if not binding.client)


def circles(bindings: Iterable[Binding], members: Mapping[str, Member]) -> list[Diagnostic]:
    """Return a diagnostic when components wait for each other."""
    before: dict[str, set[str]] = {}
    for binding in ordering(bindings):
        before.setdefault(binding.consumer, set()).add(binding.provider)
    try:
        TopologicalSorter(before).prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        path = " → ".join(f"`{each}`" for each in circle)
        message, hint = f"components need each other: {path}", "bind one of them to another component"
        return [Diagnostic("circular-binding", message, members[circle[0]].span, hint)]
    return []
