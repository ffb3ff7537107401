"""Say what a schema error means, where it stands in the file and what to do."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from platinfra.diagnostics import Diagnostic, did_you_mean, join_names
from platinfra.document import Document, Path_
from platinfra.spec.aws import Cluster, Domain, Gpu, Machine, Network, SignIn
from platinfra.spec.routes import Routes, Tls
from platinfra.spec.schema import Deployment, Override, Project, Provider, StackFile, UseOptions, User
from platinfra.spec.shape import is_use, locate

_MODELS: Mapping[tuple[str, ...], type[BaseModel]] = {
    (): StackFile,
    ("provider",): Provider,
    ("deployment",): Deployment,
    ("deployment", "network"): Network,
    ("deployment", "cluster"): Cluster,
    ("deployment", "cluster", "gpu"): Gpu,
    ("deployment", "machine"): Machine,
    ("deployment", "sign_in"): SignIn,
    ("deployment", "domain"): Domain,
    ("deployment", "routes"): Routes,
    ("deployment", "routes", "tls"): Tls,
    ("project",): Project,
    ("users", "*"): User,
    ("stack", "*", "*", "options"): UseOptions,
    ("environments", "*"): Override,
    ("environments", "*", "provider"): Provider,
    ("environments", "*", "stack", "*", "*", "options"): UseOptions,
}
EXAMPLE = "a stack file begins with `name: my-stack` and has a `stack:`"
_USE = "a tool's name, or one name with its options"
_USE_EXAMPLE = "write `- mlflow` or `- mlflow: {settings: {workers: 2}}`"
_UNION_MEMBERS = frozenset({"str", "int", "float", "bool"})

Location = tuple[str | int, ...]


def location(error: ErrorDetails) -> Location:
    """Return where an error is, without the members of a union that pydantic tried."""
    loc = error["loc"]
    return loc[:-1] if len(loc) > 1 and loc[-1] in _UNION_MEMBERS else loc


def problems_of(document: Document, errors: Iterable[ErrorDetails]) -> list[Diagnostic]:
    """Return one diagnostic per place; a misspelt key is not also reported as missing."""
    found: dict[Path_, Diagnostic] = {}
    missing: dict[Path_, Diagnostic] = {}
    for error in errors:
        path = locate(document, location(error))
        kind = missing if error["type"] == "missing" else found
        kind.setdefault(path, _problem(document, error, path))
    meant = {
        (*path[:-1], name)
        for path, each in found.items()
        for name in re.findall(r"`(\w+)`", each.hint or "")
        if each.code == "unknown-key"
    }
    return [*found.values(), *(each for path, each in missing.items() if path not in meant)]


def _problem(document: Document, error: ErrorDetails, path: Path_) -> Diagnostic:
    match error["type"]:
        case "extra_forbidden":
            return _unknown_key(document, location(error), path)
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
    message = f"`{error['input']}` is not a value of `{path[-1]}`"
    return Diagnostic("unknown-value", message, document.value_span(path), hint)


def _out_of_range(document: Document, error: ErrorDetails, path: Path_) -> Diagnostic:
    limits = error.get("ctx", {})
    limit = f"at least {limits['ge']}" if "ge" in limits else f"at most {limits['le']}"
    return Diagnostic("out-of-range", f"`{path[-1]}` must be {limit}", document.value_span(path))


def _unknown_key(document: Document, loc: tuple[str | int, ...], path: Path_) -> Diagnostic:
    known = list(_known_keys(loc[:-1]))
    hint = did_you_mean(str(path[-1]), known) or f"known here: {join_names(known)}"
    message = f"`{path[-1]}` is not a key that platinfra knows here"
    return Diagnostic("unknown-key", message, document.key_span(path), hint)


def _known_keys(loc: tuple[str | int, ...]) -> Iterator[str]:
    if loc[:1] == ("environments",) and loc[2:3] == ("deployment",):
        loc = loc[2:]
    for pattern, model in _MODELS.items():
        if len(pattern) == len(loc) and all(each in ("*", step) for each, step in zip(pattern, loc, strict=True)):
            yield from (field.alias or name for name, field in model.model_fields.items())


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
    hint = f"write `[{value}]`" if error["type"] == "list_type" and isinstance(value, str) else None
    return Diagnostic("wrong-type", f"{shown} must be {wanted}, not {_kind(value)}", span, hint)


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
