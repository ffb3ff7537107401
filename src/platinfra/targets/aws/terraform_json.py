"""Values as Terraform's JSON syntax: what people wrote is never read as an expression."""

import json
from typing import Any

from platinfra.model.nested import change_leaves
from platinfra.model.reference import Reference, Text

_MARK = "\ue000"
"""A character that no text has: it is reserved for private use."""


def escape(text: str) -> str:
    """Return text that Terraform takes literally. Source: Terraform's documentation of strings and templates."""
    return text.replace("${", "$${").replace("%{", "%%{")


def terraform_json(value: Any) -> Any:
    """Return a value for a `.tf.json` file: references become expressions, other texts stay literal."""
    match value:
        case str():
            return escape(value)
        case Reference():
            return str(value)
        case dict():
            return {escape(str(key)): terraform_json(each) for key, each in value.items()}
        case tuple():
            return "".join(str(part) if isinstance(part, Reference) else escape(str(part)) for part in value)
        case list():
            return [terraform_json(each) for each in value]
    return value


def readable(value: Any) -> Any:
    """Return a value for people: references keep their names."""
    return change_leaves(value, _name)


def _name(value: Any) -> Any:
    if isinstance(value, tuple):
        return "".join(map(str, value))
    return str(value) if isinstance(value, Reference) else value


def with_holes(value: Any) -> Text:
    """Return data as JSON text in which references stay what they are; they stand for texts without quotes."""
    holes: list[Any] = []

    def mark(leaf: Any) -> Any:
        """Return a pair of marks for what holds references, which is added to `holes`."""
        if not isinstance(leaf, tuple | Reference):
            return leaf
        holes.append(leaf)
        return _MARK * 2

    text = json.dumps(change_leaves(value, mark), indent=1, ensure_ascii=False)
    parts: list[Any] = []
    for index, part in enumerate(text.split(_MARK)):
        hole = holes[index // 2] if index % 2 else part
        parts += hole if isinstance(hole, tuple) else [hole]
    return tuple(parts)
