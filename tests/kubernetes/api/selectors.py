"""Label and field selectors, as they stand in queries."""

import re
from typing import Any

_SET = re.compile(r"(?P<key>[^\s!=,]+)\s+(?P<verb>in|notin)\s+\((?P<values>[^)]*)\)")


def matches(content: dict[str, Any], labels: str, fields: str) -> bool:
    """Tell whether an object is selected; empty selectors select everything."""
    found = content["metadata"].get("labels") or {}
    return all(_label(found, each) for each in _split(labels)) and all(_field(content, each) for each in _split(fields))


def _split(text: str) -> list[str]:
    return [each.strip() for each in re.split(r",(?![^(]*\))", text) if each.strip()]


def _label(labels: dict[str, str], term: str) -> bool:
    if found := _SET.fullmatch(term):
        values = {each.strip() for each in found["values"].split(",")}
        return (labels.get(found["key"]) in values) == (found["verb"] == "in")
    if "!=" in term:
        key, _, value = term.partition("!=")
        return labels.get(key) != value
    if "=" in term:
        key, _, value = term.replace("==", "=").partition("=")
        return labels.get(key.strip()) == value.strip()
    return term[1:] not in labels if term.startswith("!") else term in labels


def _field(content: dict[str, Any], term: str) -> bool:
    key, sign, value = re.match(r"([^!=]+)(!?==?)(.*)", term).groups()  # type: ignore[union-attr]
    found: Any = content
    for each in key.split("."):
        found = found.get(each, "") if isinstance(found, dict) else ""
    return (str(found) == value) != sign.startswith("!")
