"""Templates: data with references in it, filled in by whoever knows what they stand for."""

from collections.abc import Callable
from functools import cache
from typing import Any

from platinfra.model.reference import Reference, Secret, Text, evaluate, parse

parse_once = cache(parse)
ABSENT = object()
"""What mentions an unbound optional requirement: it disappears."""

Lookup = Callable[[Reference], Any]
"""Returns what a reference stands for, of whatever type; None for an unbound optional requirement."""


def fill(template: Any, lookup: Lookup) -> Any:
    """
    Return a template with its references replaced; one that is a reference alone keeps the type of its value.

    An entry that mentions something unbound disappears: a key of a mapping, an item of a list, and the whole item
    where it is a mapping that loses a key. Text that still holds references or secrets comes back as `Text`.
    """
    match template:
        case dict():
            filled = {key: fill(each, lookup) for key, each in template.items()}
            return {key: each for key, each in filled.items() if each is not ABSENT}
        case list():
            return [each for each in (_item(each, lookup) for each in template) if each is not ABSENT]
        case str():
            return _text(parse_once(template), lookup)
    return template


def _item(template: Any, lookup: Lookup) -> Any:
    filled = fill(template, lookup)
    lost = isinstance(template, dict) and len(filled) < len(template)
    return ABSENT if lost else filled


def _text(text: Text, lookup: Lookup) -> Any:
    if len(text) == 1 and isinstance(text[0], Reference):
        found = lookup(text[0])
        return ABSENT if found is None else found
    filled = evaluate(text, lambda reference: as_text(lookup(reference)))
    return ABSENT if filled is None else join_text(filled)


def join_text(text: Text) -> str | Text:
    """Return a text as a string, unless it holds what is not known yet or must not be shown."""
    return "".join(map(str, text)) if all(isinstance(part, str) for part in text) else text


def as_text(value: Any) -> Text | None:
    """Return a value as text; None for one that is absent."""
    match value:
        case None:
            return None
        case str() if not value:
            return ()
        case tuple():
            return value
        case Reference() | Secret():
            return (value,)
        case bool():
            return (str(value).lower(),)
    return None if value is ABSENT else (str(value),)
