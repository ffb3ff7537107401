"""Bring a stack file's data into the shape of its schema, and find the way back to the file."""

from collections.abc import Iterator
from typing import Any

from platinfra.diagnostics import Diagnostic
from platinfra.document import Document, Path_
from platinfra.sections.section import canonical_key

_TEXT_FIELDS = frozenset({"account_id", "region", "context", "name", "type", "role", "requirements", "as", "version"})
_FALLBACKS: dict[tuple[str | int, ...], Any] = {("name",): "unnamed", ("stack",): {}}
"""What stands for a missing key, so that the rest of the file is checked in the same pass."""


def locate(document: Document, loc: tuple[str | int, ...]) -> Path_:
    """Return the document path of a schema location, whatever spelling the file uses."""
    path: Path_ = ()
    for step in loc:
        if step in {"options", "tool"} and is_use(path):
            path = _into_use(document, path, into_options=step == "options")
        else:
            path = (*path, _spelling(document, path, step))
    return path


def is_use(path: Path_) -> bool:
    """Tell whether a path leads to one use of a tool."""
    start = 2 if path[:1] == ("environments",) else 0
    return len(path) == start + 3 and path[start] == "stack"


def _into_use(document: Document, path: Path_, *, into_options: bool) -> Path_:
    value = _get(document.data, path)
    if into_options and isinstance(value, dict) and value:
        return (*path, next(iter(value)))
    return path


def _spelling(document: Document, path: Path_, step: str | int) -> str | int:
    place = _place(_get(document.data, path), step)
    return step if place is None else place


def _place(data: Any, step: str | int) -> str | int | None:
    """Return the key or index that a step of a schema location means in the data; None when there is none."""
    if isinstance(data, dict):
        return step if step in data else next((key for key in data if canonical_key(key) == step), None)
    return step if isinstance(data, list) and isinstance(step, int) and step < len(data) else None


def _get(data: Any, path: Path_) -> Any:
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def shape_document(document: Document) -> dict[str, Any]:
    """Return the data with `tool` and `options` named, and text where text is meant."""
    data = {canonical_key(key): _texts(document, (key,), value) for key, value in document.data.items()}
    if "stack" in data:
        data["stack"] = _shaped_stages(data["stack"])
    if isinstance(data.get("environments"), dict):
        data["environments"] = {name: _shaped_override(each) for name, each in data["environments"].items()}
    return data


def _shaped_override(value: Any) -> Any:
    if isinstance(value, dict) and "stack" in value:
        return {**value, "stack": _shaped_stages(value["stack"])}
    return value


def _shaped_stages(value: Any) -> Any:
    if not isinstance(value, dict):
        return value if value is not None else {}
    stages: dict[str, Any] = {}
    for stage, uses in value.items():
        stages[stage] = [_shaped_use(each) for each in uses] if isinstance(uses, list) else uses
    return stages


def _shaped_use(value: Any) -> Any:
    match value:
        case str():
            return {"tool": value}
        case dict() if len(value) == 1:
            ((tool, options),) = value.items()
            return {"tool": tool, "options": options if options is not None else {}}
        case dict():
            return list(value)
        case _:
            return value


def without(data: Any, loc: tuple[str | int, ...]) -> bool:
    """Remove what stands at a schema location, or put something in its place; tell whether that was possible."""
    if loc in _FALLBACKS:
        data[loc[0]] = _FALLBACKS[loc]
        return True
    *parents, last = loc
    for step in parents:
        place = _place(data, step)
        data = None if place is None else data[place]
    place = _place(data, last)
    if place is None:
        return False
    del data[place]
    return True


def _texts(document: Document, path: Path_, value: Any) -> Any:
    """Return a value in which fields that are text keep the text as written (`3.10`, `123456789012`)."""
    if isinstance(value, dict):
        return {key: _texts(document, (*path, key), each) for key, each in value.items()}
    if isinstance(value, list):
        return [_texts(document, (*path, index), each) for index, each in enumerate(value)]
    is_text = path and isinstance(path[-1], str) and canonical_key(path[-1]) in _TEXT_FIELDS
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return document.texts[path] if is_text and number and "settings" not in path else value


def doubled_keys(document: Document) -> Iterator[Diagnostic]:
    """Yield the keys that stand twice in different spellings."""
    seen: dict[Path_, Path_] = {}
    for path in document.keys:
        if path[:1] == ("environments",) and len(path) == 2:
            continue
        same = tuple(canonical_key(each) if isinstance(each, str) else each for each in path)
        if same in seen and seen[same][:-1] == path[:-1]:
            hint = f"it is the same key as `{seen[same][-1]}` on line {document.keys[seen[same]].line}"
            yield Diagnostic("duplicate-key", f"`{path[-1]}` stands twice", document.keys[path], hint)
        seen.setdefault(same, path)
