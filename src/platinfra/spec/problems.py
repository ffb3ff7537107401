"""Say what a schema error means, where it stands in the file and what to do."""

import re
from collections.abc import Iterable
from typing import Any, cast, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from platinfra.diagnostics import Diagnostic, did_you_mean, join_names
from platinfra.document import Document, Path_
from platinfra.model import targets
from platinfra.sections.section import canonical_key
from platinfra.spec.destinations import Mistake
from platinfra.spec.shape import is_use, locate

EXAMPLE = "a stack file begins with `name: my-stack` and has a `stack:`"
_USE = "a tool's name, or one name with its options"
_USE_EXAMPLE = "write `- mlflow` or `- mlflow: {settings: {workers: 2}}`"
_FOREIGN = {
    **dict.fromkeys(
        ("services", "tools", "components", "stages", "steps", "jobs"),
        "tools stand under `stack`, stage by stage: `stack: {experiment_tracker: [mlflow]}`",
    ),
    **dict.fromkeys(("cloud", "target", "backend", "platform"), "where to run is `provider: {name: local}`"),
    **dict.fromkeys(
        ("apiversion", "kind", "spec"), "this is not an object of Kubernetes; `platinfra render` writes those"
    ),
    **dict.fromkeys(
        ("dependencies", "packages"), "packages stand in a lock: `project: {requirements: requirements.lock.txt}`"
    ),
    "twins": "it belongs to an environment: `environments: {laptop: {twins: true}}`",
    "volumes": "data is kept without being named; object stores and databases are tools",
}
"""What other tools' files say at their top, and what it is here."""
_CLOUDS = frozenset({"azure", "gcp", "google", "google-cloud", "aks", "azure-aks", "gke", "openshift"})
"""Clouds without a target, and their clusters, which are as good as others."""
_EARLIER: dict[tuple[str, ...], str] = {
    (
        "deployment",
        "cluster",
        "karpenter",
    ): "write `autoscaler: karpenter`, or `autoscaler: cluster-autoscaler` for false",
}
"""Keys that went, and what says the same now."""
_UNION_MEMBERS = frozenset({"str", "int", "float", "bool", "list[any]"})

Location = tuple[str | int, ...]


def location(error: ErrorDetails) -> Location:
    """Return where an error is, without the members of a union that pydantic tried."""
    loc = error["loc"]
    return loc[:-1] if len(loc) > 1 and loc[-1] in _UNION_MEMBERS else loc


def problems_of(document: Document, mistakes: Iterable[Mistake]) -> list[Diagnostic]:
    """Return one diagnostic per place; a misspelt key is not also reported as missing."""
    found: dict[Path_, Diagnostic] = {}
    missing: dict[Path_, Diagnostic] = {}
    for mistake in mistakes:
        path = locate(document, location(mistake.details))
        kind = missing if mistake.details["type"] == "missing" else found
        kind.setdefault(path, _problem(document, mistake, path))
    meant = {
        (*path[:-1], name)
        for path, each in found.items()
        for name in re.findall(r"`(\w+)`", each.hint or "")
        if each.code == "unknown-key"
    }
    return [*found.values(), *(each for path, each in missing.items() if path not in meant)]


def _problem(document: Document, mistake: Mistake, path: Path_) -> Diagnostic:
    error = mistake.details
    match error["type"]:
        case "extra_forbidden":
            return _unknown_key(document, mistake, path)
        case "missing":
            return _missing(document, path)
        case "literal_error":
            return _unknown_value(document, error, path)
        case "greater_than_equal" | "less_than_equal":
            return _out_of_range(document, error, path)
        case _:
            return _wrong_type(document, path, error)


def _missing(document: Document, path: Path_) -> Diagnostic:
    hint = EXAMPLE if len(path) == 1 else None
    return Diagnostic("missing-key", f"`{path[-1]}` is missing", document.value_span(path[:-1]), hint)


def _unknown_value(document: Document, error: ErrorDetails, path: Path_) -> Diagnostic:
    choices = re.findall(r"'([^']*)'", str(error.get("ctx", {}).get("expected", "")))
    hint = did_you_mean(str(error["input"]), choices) or f"one of {join_names(choices, 'or')}"
    if path == ("provider", "name") and str(error["input"]).lower() in _CLOUDS:
        hint += "; a cluster there is `provider: {name: kubernetes, context: …}`"
    key = next((each for each in reversed(path) if isinstance(each, str)), path[-1])
    message = f"`{error['input']}` is not a value of `{key}`"
    return Diagnostic("unknown-value", message, document.value_span(path), hint)


def _out_of_range(document: Document, error: ErrorDetails, path: Path_) -> Diagnostic:
    limits = error.get("ctx", {})
    limit = f"at least {limits['ge']}" if "ge" in limits else f"at most {limits['le']}"
    return Diagnostic("out-of-range", f"`{path[-1]}` must be {limit}", document.value_span(path))


def _unknown_key(document: Document, mistake: Mistake, path: Path_) -> Diagnostic:
    span, key = document.key_span(path), str(path[-1])
    *above, written = mistake.details["loc"][len(mistake.start) :]
    if not above and mistake.target and (owner := _owner(str(mistake.start[-1]), str(written))):
        message = f"`{written}` belongs to `{owner}`, not to `{mistake.target}`"
        return Diagnostic("setting-of-another-target", message, span, f"write `name: {owner}`, or remove it")
    known = [field.alias or name for name, field in _model_at(mistake.schema, above).model_fields.items()]
    foreign = _FOREIGN.get(canonical_key(key)) if len(path) == 1 else None
    earlier = _EARLIER.get((*map(str, mistake.start[-1:]), *map(str, above), str(written)))
    hint = earlier or foreign or did_you_mean(key, known) or f"known here: {join_names(known)}"
    if is_use(path[:-2]) and hint.startswith("known"):
        hint += f"; a setting stands under `settings`: `{path[-2]}: {{settings: {{{key}: …}}}}`"
    return Diagnostic("unknown-key", f"`{key}` is not a key that platinfra knows here", span, hint)


def _owner(section: str, key: str) -> str | None:
    """Return the first of our own targets whose section has a key."""
    number = ("provider", "deployment").index(section)
    return next((name for name in targets.OWN if key in targets.get(name).sections()[number].model_fields), None)


def _model_at(schema: Any, steps: Iterable[str | int]) -> type[BaseModel]:
    """Return the schema of what stands below a schema."""
    for step in steps:
        if isinstance(schema, type) and issubclass(schema, BaseModel):
            fields = {field.alias or name: field for name, field in schema.model_fields.items()}
            schema = fields[str(step)].annotation
        else:
            schema = get_args(schema)[-1]
        while not _is_container(schema):
            schema = next(each for each in get_args(schema) if each is not type(None))
    return cast("type[BaseModel]", schema)


def _is_container(schema: Any) -> bool:
    """Tell whether a type has something below it, and is no union or annotation around such a type."""
    return get_origin(schema) in {dict, list} or isinstance(schema, type)


_SHAPES = {
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "float_type": "a number",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def _wrong_type(document: Document, path: Path_, error: ErrorDetails) -> Diagnostic:
    span, value = document.value_span(path), error["input"]
    if error["type"].startswith("model") and is_use(path):
        return Diagnostic("wrong-type", f"a use of a tool is {_USE}", span, _USE_EXAMPLE)
    wanted = _SHAPES.get(error["type"], "something else")
    if error["loc"] != location(error):
        wanted = "text, a number, or true or false"
    shown = f"`{path[-1]}`" if path and isinstance(path[-1], str) else "this"
    return Diagnostic("wrong-type", f"{shown} must be {wanted}, not {_kind(value)}", span, _written_right(path, error))


def _written_right(path: Path_, error: ErrorDetails) -> str | None:
    """Return how to write what was written where a list or a section belongs."""
    value = error["input"]
    if path == ("stack",):
        return _FOREIGN["tools"]
    if error["type"] == "list_type" and is_use((*path, 0)) and not isinstance(value, str):
        return "name its tools, or remove it" if value is None else "write a dash before each tool, as in `- mlflow`"
    if not isinstance(value, str):
        return None
    if error["type"] == "list_type":
        return f"write `[{value}]`"
    main = {"provider": "name", "deployment": "type", "project": "requirements"}.get(str(path[-1]) if path else "")
    return f"write `{path[-1]}: {{{main}: {value}}}`" if main else None


def _kind(value: Any) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return "true or false"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "a mapping"
