"""Go through nested data: mappings and lists of whatever there is."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any


def change_leaves(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return nested data in which everything that is neither mapping nor list has been changed."""
    match value:
        case Mapping():
            return {key: change_leaves(each, change) for key, each in value.items()}
        case list():
            return [change_leaves(each, change) for each in value]
    return change(value)


def leaves(value: Any) -> Iterator[Any]:
    """Yield everything in nested data that is no mapping, list or text, and the parts of texts."""
    match value:
        case Mapping():
            value = list(value.values())
        case list() | tuple():
            pass
        case _:
            yield value
            return
    for each in value:
        yield from leaves(each)
