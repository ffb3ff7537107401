"""
Templates: data with references in it, filled in by whoever knows what they stand for.

A value is one of four. *Known*: plain data, or text. *Later*: a `Reference`, which only the cloud resolves. *Hidden*: a
`Secret`. *Absent*: `ABSENT`. What is put together of text that is not all known is a `Text`.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Any, Literal

from platinfra.model.reference import Part, Reference, Secret, Text, merge_parts, parse, show_text

parse_once = cache(parse)


class Absent(Enum):
    """Stands for what is not there, such as an unbound optional requirement; whatever mentions it disappears."""

    ABSENT = "absent"

    def __bool__(self) -> Literal[False]:
        """Tell that it is nothing."""
        return False


ABSENT = Absent.ABSENT
Known = str | int | float | bool | list[Any] | Mapping[str, Any] | Text
Later = Reference
Hidden = Secret
Value = Known | Later | Hidden | Absent
Lookup = Callable[[Reference], Value]


def fill(template: Any, lookup: Lookup) -> Any:
    """
    Return a template with its references replaced; one that is a reference alone keeps the type of its value.

    An entry that mentions something absent disappears: a key of a mapping, an item of a list, and the whole item
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


def _text(text: Text, lookup: Lookup) -> Value:
    if len(text) == 1 and isinstance(text[0], Reference):
        return lookup(text[0])
    parts: list[Part] = []
    for part in text:
        found = as_text(lookup(part)) if isinstance(part, Reference) else (part,)
        if found is ABSENT:
            return ABSENT
        parts.extend(found)
    return join_text(merge_parts(parts))


def join_text(text: Text) -> str | Text:
    """Return a text as a string, unless it holds what is not known yet or must not be shown."""
    return "".join(map(str, text)) if all(isinstance(part, str) for part in text) else text


def as_text(value: Value) -> Text | Absent:
    """Return a value as text, unless it is absent."""
    match value:
        case Absent():
            return value
        case "":
            return ()
        case tuple():
            return value
        case Reference() | Secret():
            return (value,)
        case bool():
            return (str(value).lower(),)
    return (str(value),)


def json_parts(data: Any) -> Iterator[Part]:
    """Yield some data as JSON; a secret in it becomes a part of a JSON text, and may hold nothing that JSON escapes."""
    match data:
        case Mapping():
            opening, closing, items = (
                "{",
                "}",
                [[f"{json.dumps(key)}: ", *json_parts(each)] for key, each in data.items()],
            )
        case list():
            opening, closing, items = "[", "]", [list(json_parts(each)) for each in data]
        case tuple() | Reference() | Secret():
            parts = (data,) if not isinstance(data, tuple) else data
            yield from ('"', *(json.dumps(each)[1:-1] if isinstance(each, str) else each for each in parts), '"')
            return
        case _:
            yield json.dumps(data)
            return
    yield opening
    for number, item in enumerate(items):
        yield from ([", "] if number else [])
        yield from item
    yield closing


def map_values(data: Any, change: Callable[[Any], Any]) -> Any:
    """Return data with each value in it changed; a text is one value."""
    match data:
        case Mapping():
            return {key: map_values(each, change) for key, each in data.items()}
        case list():
            return [map_values(each, change) for each in data]
    return change(data)


def innermost(data: Any) -> Iterator[Any]:
    """Yield what is in some data and holds nothing itself: values, and the parts of texts."""
    match data:
        case Mapping():
            yield from innermost(list(data.values()))
        case list() | tuple():
            for each in data:
                yield from innermost(each)
        case _:
            yield data


def plain(data: Any) -> Any:
    """Return data for people: references and secrets keep their names."""
    return map_values(
        data, lambda each: each if isinstance(each, str | int | float | None) else show_text(as_text(each) or ())
    )


def holds_secret(data: Any) -> bool:
    """Tell whether there is a secret anywhere in some data."""
    return any(isinstance(each, Secret) for each in innermost(data))
