"""Values as Terraform's JSON syntax: what people wrote is never read as an expression."""

import json
from typing import Any

from platinfra.model.reference import Part, Reference, Text
from platinfra.model.template import as_text, map_values

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


def with_holes(value: Any) -> Text:
    """Return data as JSON text in which references stay what they are; they stand for texts without quotes."""
    holes: list[Text] = []

    def mark(each: Any) -> Any:
        if not isinstance(each, tuple | Reference):
            return each
        holes.append(as_text(each) or ())
        return _MARK * 2

    text = json.dumps(map_values(value, mark), indent=1, ensure_ascii=False)
    parts: list[Part] = []
    for index, part in enumerate(text.split(_MARK)):
        parts += holes[index // 2] if index % 2 else (part,)
    return tuple(parts)
