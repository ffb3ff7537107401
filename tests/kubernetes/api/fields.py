"""Server-side apply: who owns which fields of an object, and what follows from it."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from .refusals import Refused

Path = tuple[Any, ...]
"""Names of fields; an element of a list is a tuple of its keys and their values."""
Owners = dict[tuple[str, str], set[Path]]
"""Manager and operation (`Apply` or `Update`) to the fields it owns."""

_KEYS = {
    "containers": ("name",),
    "initContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "imagePullSecrets": ("name",),
    "conditions": ("type",),
    "ownerReferences": ("uid",),
}
"""Lists that are merged by key; ports are too, by whichever of their keys they have. All others are replaced whole."""
_PORT_KEYS = (("containerPort", "protocol"), ("port", "protocol"))
_UNOWNED = {("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace")}
_SYSTEM = {"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "deletionTimestamp"}


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every field that can be owned, with its value."""
    keys = _keys(path, value)
    if isinstance(value, dict) and value:
        for name, each in value.items():
            if path == ("metadata",) and name in _SYSTEM:
                continue
            yield from leaves(each, (*path, name))
    elif keys:
        for each in value:
            yield from leaves(each, (*path, tuple((key, _value_of(each, key)) for key in keys)))
    elif path not in _UNOWNED and path[:1] != ("status",):
        yield path, value


def apply(live: dict[str, Any], wanted: dict[str, Any], owners: Owners, manager: str, *, force: bool) -> None:
    """Make `live` hold what `manager` wants; raise a conflict when that is somebody else's and differs."""
    mine, new = (manager, "Apply"), dict(leaves(wanted))
    _settle_conflicts(live, new, owners, mine, force=force)
    for path in owners.get(mine, set()) - set(new):
        if not any(_overlap(path, other) for owner, paths in owners.items() if owner != mine for other in paths) and (
            not any(_overlap(path, other) for other in new)
        ):
            _remove(live, path)
    for path, value in new.items():
        _put(live, path, value)
    owners[mine] = set(new)


def note_update(before: dict[str, Any], after: dict[str, Any], owners: Owners, manager: str) -> None:
    """Give `manager` what it changed by writing the object, and take it from the others."""
    old, new = dict(leaves(before)), dict(leaves(after))
    changed = {path for path, value in new.items() if path not in old or old[path] != value}
    gone = set(old) - set(new)
    for paths in owners.values():
        paths.difference_update(changed | gone)
    if changed:
        owners.setdefault((manager, "Update"), set()).update(changed)
    for each in [owner for owner, paths in owners.items() if not paths]:
        del owners[each]


def managed(owners: Owners, api_version: str) -> list[dict[str, Any]]:
    """Return `metadata.managedFields`."""
    return [
        {
            "manager": manager,
            "operation": operation,
            "apiVersion": api_version,
            "time": "2026-01-01T00:00:00Z",
            "fieldsType": "FieldsV1",
            "fieldsV1": _tree(paths),
        }
        for (manager, operation), paths in owners.items()
    ]


def read(entries: list[dict[str, Any]]) -> Owners:
    """Return the owners that `metadata.managedFields` lists."""
    return {(each["manager"], each["operation"]): set(_paths(each.get("fieldsV1", {}))) for each in entries}


def written(path: Path) -> str:
    """Write a path as conflicts do: `.spec.containers[name="app"].image`."""
    parts = []
    for each in path:
        keys = ",".join(f"{key}={json.dumps(value)}" for key, value in each) if isinstance(each, tuple) else ""
        parts.append(f"[{keys}]" if keys else f".{each}")
    return "".join(parts)


def _settle_conflicts(
    live: dict[str, Any], new: dict[Path, Any], owners: Owners, mine: tuple[str, str], *, force: bool
) -> None:
    causes = []
    for owner, paths in owners.items():
        disputed = {
            other
            for path, value in new.items()
            for other in paths
            if owner != mine and owner[0] != mine[0] and _overlap(path, other) and _at(live, path) != value
        }
        if force:
            paths.difference_update(disputed)
        else:
            causes += [(owner[0], written(path)) for path in sorted(disputed, key=str)]
    if causes:
        raise _conflict(causes)


def _conflict(causes: list[tuple[str, str]]) -> Refused:
    count = f"{len(causes)} conflict{'s' if len(causes) > 1 else ''}"
    managers = dict.fromkeys(manager for manager, _ in causes)
    texts = []
    for manager in managers:
        fields = [field for owner, field in causes if owner == manager]
        listed = f": {fields[0]}" if len(fields) == 1 else ":\n" + "\n".join(f"- {each}" for each in fields)
        texts.append(f'conflict{"s" if len(fields) > 1 else ""} with "{manager}"{listed}')
    details = [
        {"reason": "FieldManagerConflict", "message": f'conflict with "{manager}"', "field": field}
        for manager, field in causes
    ]
    return Refused(409, "Conflict", f"Apply failed with {count}: {chr(10).join(texts)}", causes=details)


def _keys(path: Path, value: Any) -> tuple[str, ...]:
    """Return the keys by which a list is merged; none when it is replaced whole."""
    if not isinstance(value, list) or not value or not path or not all(isinstance(each, dict) for each in value):
        return ()
    if path[-1] == "ports":
        return next((keys for keys in _PORT_KEYS if all(keys[0] in each for each in value)), ())
    keys = _KEYS.get(path[-1] if isinstance(path[-1], str) else "", ())
    return keys if all(key in each for each in value for key in keys) else ()


def _value_of(each: dict[str, Any], key: str) -> Any:
    """Return the value of a key; what is a key and not said has its default."""
    return each.get(key, "TCP" if key == "protocol" else None)


def _overlap(one: Path, other: Path) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _element(items: list[Any], keys: tuple[tuple[str, Any], ...]) -> Any:
    return next((each for each in items if all(_value_of(each, key) == value for key, value in keys)), None)


def _at(value: Any, path: Path) -> Any:
    for each in path:
        if isinstance(each, tuple):
            value = _element(value, each) if isinstance(value, list) else None
        else:
            value = value.get(each) if isinstance(value, dict) else None
    return value


def _put(value: Any, path: Path, wanted: Any) -> None:
    for each, following in pairwise(path):
        if isinstance(each, tuple):
            found = _element(value, each)
            if found is None:
                value.append(found := {})
        else:
            empty: Any = [] if isinstance(following, tuple) else {}
            if not isinstance(value.get(each), type(empty)):
                value[each] = empty
            found = value[each]
        value = found
    value[path[-1]] = wanted


def _remove(value: Any, path: Path) -> None:
    """Remove a field, and what is empty without it."""
    parent = _at(value, path[:-1])
    if not isinstance(parent, dict):
        return
    parent.pop(path[-1], None)
    for size in range(len(path) - 1, 0, -1):
        emptied, above = _at(value, path[:size]), _at(value, path[: size - 1])
        if emptied not in ({}, []):
            return
        if isinstance(above, list):
            above.remove(emptied)
        else:
            above.pop(path[size - 1], None)


def _tree(paths: set[Path]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path in paths:
        branch = tree
        for each in path:
            name = f"k:{json.dumps(dict(each))}" if isinstance(each, tuple) else f"f:{each}"
            branch = branch.setdefault(name, {})
    return tree


def _paths(tree: dict[str, Any], path: Path = ()) -> Iterator[Path]:
    for name, branch in tree.items():
        kind, _, rest = name.partition(":")
        if kind in ("f", "k"):
            element = tuple(json.loads(rest).items()) if kind == "k" else rest
            yield from _paths(branch, (*path, element))
    if not tree:
        yield path
