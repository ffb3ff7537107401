"""Which attributes of a resource differ in a plan, as far as people may see them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

HIDDEN = "(sensitive)"
_WIDE = 60


def find_differences(change: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield path, value before and value after of what a planned change changes; what is known later is left out."""
    hidden = (change.get("before_sensitive"), change.get("after_sensitive"))
    for path, before, after in _differences(change["before"], change["after"], ""):
        if _is_marked(change.get("after_unknown"), path):
            continue
        secret = any(_is_marked(each, path) for each in hidden)
        yield path, *((HIDDEN, HIDDEN) if secret else (before, after))


def updates_of(plan: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the address of each resource that a plan changes in place, to what becomes of its attributes, as text."""
    return {
        each["address"]: tuple(
            f"{path}: {_show(before)} → {_show(after)}"
            for path, before, after in find_differences(each["change"])
            if not path.startswith("tags_all")  # those are the tags again
        )
        for each in plan["resource_changes"]
        if each["change"]["actions"] == ["update"]
    }


def _show(value: Any) -> str:
    text = value if value == HIDDEN else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDE else f"{text[:_WIDE]}…"


def _differences(before: Any, after: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield the innermost attributes that differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            yield from _differences(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _differences(one, other, f"{path}[{index}]")
    elif before != after:
        yield path, before, after


def _is_marked(marks: Any, path: str) -> bool:
    """Tell whether Terraform marks an attribute, or anything that holds it, as sensitive or as known later."""
    if marks is True:
        return True
    name, _, rest = path.replace("[", ".").replace("]", "").partition(".")
    if isinstance(marks, dict):
        return _is_marked(marks.get(name), rest)
    if isinstance(marks, list) and name.isdigit() and int(name) < len(marks):
        return _is_marked(marks[int(name)], rest)
    return False
