"""Turn a stack file's document into a typed stack, collecting every problem."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from platinfra.diagnostics import Diagnostic, PlatinfraError, did_you_mean, listed
from platinfra.document import Document, Path_
from platinfra.spec.schema import (
    DEPLOYMENT_TYPES,
    Deployment,
    Override,
    Project,
    Provider,
    StackFile,
    UseOptions,
    User,
    canonical_key,
)

_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_MAX_NAME = 30
_MAX_PROBLEMS = 50
_PLACEHOLDER = re.compile(r"x{3,}|<.*>|your[-_ ].*|change[-_ ]?me|0{12}|123456789012", re.IGNORECASE)
_ACCOUNT = re.compile(r"\d{12}")
_TEXT_FIELDS = frozenset({"account_id", "region", "context", "name", "type", "role", "requirements", "as"})
_MODELS: Mapping[tuple[str, ...], type[BaseModel]] = {
    (): StackFile,
    ("provider",): Provider,
    ("deployment",): Deployment,
    ("project",): Project,
    ("users", "*"): User,
    ("stack", "*", "*", "options"): UseOptions,
    ("environments", "*"): Override,
    ("environments", "*", "provider"): Provider,
    ("environments", "*", "deployment"): Deployment,
    ("environments", "*", "stack", "*", "*", "options"): UseOptions,
}
_EXAMPLE = "a stack file begins with `name: my-stack` and has a `stack:`"


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack file that holds together, with the places of its parts."""

    file: StackFile
    document: Document
    warnings: tuple[Diagnostic, ...]


def load(document: Document) -> Stack:
    """Return the typed stack of `document`; raise PlatinfraError with every problem of its shape."""
    if document.data is None:
        raise PlatinfraError(Diagnostic("empty-file", f"`{document.file}` is empty", hint=_EXAMPLE))
    if not isinstance(document.data, dict):
        raise PlatinfraError(
            Diagnostic("not-a-mapping", "a stack file is a mapping", document.value_span(()), _EXAMPLE)
        )
    problems = list(_doubled_keys(document))
    try:
        file = StackFile.model_validate(_shaped(document))
    except ValidationError as error:
        problems += [_problem(document, each) for each in error.errors()]
        raise PlatinfraError(*_capped(problems, document)) from None
    problems += [*_name_problems(file, document), *_provider_problems(file, document)]
    if errors := [each for each in problems if each.severity == "error"]:
        raise PlatinfraError(*_capped(errors, document))
    return Stack(file, document, tuple(problems))


def _capped(problems: list[Diagnostic], document: Document) -> list[Diagnostic]:
    problems.sort(key=lambda each: (each.span.line, each.span.column) if each.span else (0, 0))
    if len(problems) <= _MAX_PROBLEMS:
        return problems
    rest = len(problems) - _MAX_PROBLEMS
    return [*problems[:_MAX_PROBLEMS], Diagnostic("many-problems", f"`{document.file}` has {rest} more problems")]


def locate(document: Document, loc: tuple[str | int, ...]) -> Path_:
    """Return the document path of a schema location, whatever spelling the file uses."""
    path: Path_ = ()
    for step in loc:
        if step in {"options", "tool"} and _is_use(path):
            path = _into_use(document, path, into_options=step == "options")
        else:
            path = (*path, _spelled(document, path, step))
    return path


def _is_use(path: Path_) -> bool:
    start = 2 if path[:1] == ("environments",) else 0
    return len(path) == start + 3 and path[start] == "stack"


def _into_use(document: Document, path: Path_, *, into_options: bool) -> Path_:
    value = _get(document.data, path)
    if into_options and isinstance(value, dict) and value:
        return (*path, next(iter(value)))
    return path


def _spelled(document: Document, path: Path_, step: str | int) -> str | int:
    value = _get(document.data, path)
    if isinstance(step, str) and isinstance(value, dict) and step not in value:
        return next((key for key in value if canonical_key(key) == step), step)
    return step


def _get(data: Any, path: Path_) -> Any:
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _shaped(document: Document) -> dict[str, Any]:
    """Return the data with `tool` and `options` named, and text where text is meant."""
    data = {canonical_key(key): _texts(document, (key,), value) for key, value in document.data.items()}
    data["stack"] = _shaped_stages(data["stack"]) if "stack" in data else None
    if data["stack"] is None:
        del data["stack"]
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
        case _:
            return value


def _texts(document: Document, path: Path_, value: Any) -> Any:
    """Return a value in which fields that are text keep the text as written (`3.10`, `123456789012`)."""
    if isinstance(value, dict):
        return {key: _texts(document, (*path, key), each) for key, each in value.items()}
    if isinstance(value, list):
        return [_texts(document, (*path, index), each) for index, each in enumerate(value)]
    is_text = path and isinstance(path[-1], str) and canonical_key(path[-1]) in _TEXT_FIELDS
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return document.texts[path] if is_text and number and "settings" not in path else value


def _doubled_keys(document: Document) -> Iterator[Diagnostic]:
    seen: dict[Path_, Path_] = {}
    for path in document.keys:
        if path[:1] == ("environments",) and len(path) == 2:
            continue
        same = tuple(canonical_key(each) if isinstance(each, str) else each for each in path)
        if same in seen and seen[same][:-1] == path[:-1]:
            hint = f"it is the same key as `{seen[same][-1]}` on line {document.keys[seen[same]].line}"
            yield Diagnostic("duplicate-key", f"`{path[-1]}` stands twice", document.keys[path], hint)
        seen.setdefault(same, path)


def _problem(document: Document, error: ErrorDetails) -> Diagnostic:
    loc = error["loc"]
    while loc and isinstance(loc[-1], str) and loc[-1] in {"str", "int", "float", "bool"}:
        loc = loc[:-1]
    path = locate(document, loc)
    shown = path[-1] if path else "the file"
    match error["type"]:
        case "extra_forbidden":
            return _unknown_key(document, loc, path)
        case "missing":
            message = (
                f"`{loc[-1]}` is missing" if loc[-1] != "tool" else "a tool is a name, or one name with its options"
            )
            hint = (
                _EXAMPLE
                if len(loc) == 1
                else "write `- mlflow` or `- mlflow: {settings: {workers: 2}}`"
                if loc[-1] == "tool"
                else None
            )
            return Diagnostic(
                "missing-key", message, document.value_span(path[:-1] if loc[-1] != "tool" else path), hint
            )
        case "literal_error":
            allowed = str(error.get("ctx", {}).get("expected", ""))
            choices = re.findall(r"'([^']*)'", allowed)
            hint = did_you_mean(str(error["input"]), choices) or f"one of {listed(choices, 'or')}"
            return Diagnostic(
                "unknown-value", f"`{error['input']}` is not a value of `{shown}`", document.value_span(path), hint
            )
        case _:
            return _wrong_type(document, path, error)


def _unknown_key(document: Document, loc: tuple[str | int, ...], path: Path_) -> Diagnostic:
    known = list(_known_keys(loc[:-1]))
    hint = did_you_mean(str(path[-1]), known) or f"known here: {listed(known)}"
    return Diagnostic(
        "unknown-key", f"`{path[-1]}` is not a key that platinfra knows here", document.key_span(path), hint
    )


def _known_keys(loc: tuple[str | int, ...]) -> Iterator[str]:
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
    wanted = _SHAPES.get(error["type"], "something else")
    shown = f"`{path[-1]}`" if path and isinstance(path[-1], str) else "this"
    value = error["input"]
    hint = None
    if error["type"] == "list_type" and isinstance(value, str):
        hint = f"write `[{value}]`"
    if error["type"] in {"model_type", "model_attributes_type"} and _is_use(path):
        wanted, hint = (
            "a tool's name, or one name with its options",
            "write `- mlflow` or `- mlflow: {settings: {workers: 2}}`",
        )
    return Diagnostic("wrong-type", f"{shown} has to be {wanted}, not {_kind(value)}", document.value_span(path), hint)


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


def _name_problems(file: StackFile, document: Document) -> Iterator[Diagnostic]:
    if not _NAME.fullmatch(file.name) or len(file.name) > _MAX_NAME:
        hint = f"lower-case letters, digits and dashes, at most {_MAX_NAME}, beginning with a letter"
        yield Diagnostic("invalid-name", f"`{file.name}` cannot name a stack", document.value_span(("name",)), hint)
    for name in file.environments:
        if not _NAME.fullmatch(name) or len(name) > _MAX_NAME:
            hint = "lower-case letters, digits and dashes, beginning with a letter"
            yield Diagnostic(
                "invalid-name", f"`{name}` cannot name an environment", document.key_span(("environments", name)), hint
            )
    if not file.stack:
        yield Diagnostic(
            "empty-stack",
            "the stack names no tool",
            document.value_span(("stack",)),
            "add a stage, such as `experiment_tracker: [mlflow]`",
        )


def _provider_problems(file: StackFile, document: Document) -> Iterator[Diagnostic]:
    yield from _place_problems(file.provider, file.deployment, document, ())
    for name, each in file.environments.items():
        provider = each.provider or file.provider
        deployment = each.deployment or (Deployment.model_validate({}) if each.provider else file.deployment)
        if each.provider or each.deployment:
            yield from _place_problems(provider, deployment, document, ("environments", name))


def _place_problems(provider: Provider, deployment: Deployment, document: Document, at: Path_) -> Iterator[Diagnostic]:
    yield from _account_problems(provider, document, at)
    allowed = DEPLOYMENT_TYPES[provider.name]
    if deployment.type is not None and deployment.type not in allowed:
        span = document.value_span(locate(document, (*at, "deployment", "type")))
        hint = did_you_mean(deployment.type, allowed) or f"one of {listed(allowed, 'or')}"
        yield Diagnostic(
            "unknown-value", f"`{deployment.type}` is not a deployment type of `{provider.name}`", span, hint
        )
    for key, owner in (("account_id", "aws"), ("region", "aws"), ("context", "kubernetes")):
        if getattr(provider, key) is not None and provider.name != owner:
            span = document.key_span(locate(document, (*at, "provider", key)))
            yield Diagnostic(
                "setting-of-another-target",
                f"`{key}` belongs to `{owner}`, not to `{provider.name}`",
                span,
                f"write `name: {owner}`, or remove it",
            )


def _account_problems(provider: Provider, document: Document, at: Path_) -> Iterator[Diagnostic]:
    account = provider.account_id
    if provider.name != "aws" or account is None:
        return
    span = document.value_span(locate(document, (*at, "provider", "account_id")))
    if _PLACEHOLDER.fullmatch(account):
        hint = "write the 12 digits of your AWS account before `up`"
        yield Diagnostic("placeholder", f"the account id `{account}` is a placeholder", span, hint, "warning")
    elif not _ACCOUNT.fullmatch(account):
        yield Diagnostic(
            "invalid-account",
            f"`{account}` is not an AWS account id",
            span,
            "it has 12 digits; keep the quotes so that YAML leaves it alone",
        )
