"""Read YAML as Helm and kubectl do: the words that Go takes for numbers and booleans are numbers and booleans."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.drivers.kubernetes_objects import is_custom
from platinfra.model.cluster import Invented, ObjectRef

_HOOK = "helm.sh/hook"
_TESTS = frozenset(("test", "test-success", "test-failure"))
_SEPARATOR = re.compile(r"(?:\A|\s*\n)---\s*")
"""As Helm has it: what follows on the same line begins the next document, such as `---# Roles`."""
_PLAIN = (
    (
        "bool",
        re.compile(r"(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON|n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$"),
        "yYtTnNfFoO",
    ),
    ("int", re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)$"), "-+0123456789"),
    (
        "float",
        re.compile(
            r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$|[-+]?\.(?:inf|Inf|INF)$|\.(?:nan|NaN|NAN)$"
        ),
        "-+0123456789.",
    ),
    ("null", re.compile(r"(?:~|null|Null|NULL|)$"), "~nN"),
    ("merge", re.compile(r"<<$"), "<"),
)
"""YAML 1.1 as Go's parser has it; PyYAML has no `y`, `1e3` or `0o17`, and takes times for something else than text."""
_EXACT = 1e21
"""From here on Go writes numbers with exponents."""
_TRUE = frozenset(("y", "yes", "true", "on"))


def documents(text: str) -> Iterator[Any]:
    """Yield the documents of a YAML text; raises yaml.YAMLError."""
    import yaml

    loader = _loader()
    found = (yaml.load(each, Loader=loader) for each in _SEPARATOR.split(text))  # noqa: S506
    return (_as_json(each) for each in found if each is not None)


def objects(text: str) -> list[dict[str, Any]]:
    """
    Return the objects that a chart was rendered to; lists are taken apart, tests of the release are left out.

    Nulls are left out too: to an API server they are as if nothing stood there.
    """
    found = [each for each in documents(text) if isinstance(each, dict)]
    flat = [
        each
        for one in found
        for each in (one["items"] if str(one.get("kind", "")).endswith("List") and "items" in one else [one])
    ]
    return [without_nulls(each) for each in flat if each.get("kind") and not _is_test(each)]


def without_nulls(value: Any) -> Any:
    """Return a value without the entries of its mappings that are null."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def has_custom_nulls(texts: Iterable[str]) -> bool:
    """Tell whether an object of a kind that is none of Kubernetes' own holds a null."""
    found = (each for text in texts for each in documents(text) if isinstance(each, dict))
    return any(
        each != without_nulls(each) and is_custom(ObjectRef(str(each.get("apiVersion")), "", "")) for each in found
    )


def parse_objects(chart: str, texts: Iterable[str]) -> list[dict[str, Any]]:
    """Return the objects of several texts; raise PlatinfraError when one is no YAML."""
    import yaml

    try:
        return [each for text in texts for each in objects(text)]
    except yaml.YAMLError as error:
        message = f"the chart `{chart}` renders to invalid YAML"
        details = tuple(str(error).splitlines()[-6:])
        raise PlatinfraError(Diagnostic("chart-not-rendered", message, details=details)) from error


def with_invented(value: Any, again: Any) -> Any:
    """Return what a chart was rendered to with those texts as `Invented` that another rendering has otherwise."""
    if isinstance(value, dict) and isinstance(again, dict):
        return {key: with_invented(each, again.get(key)) for key, each in value.items()}
    if isinstance(value, list) and isinstance(again, list) and len(value) == len(again):
        return [with_invented(one, other) for one, other in zip(value, again, strict=True)]
    return Invented(value) if isinstance(value, str) and isinstance(again, str) and value != again else value


def _is_test(content: dict[str, Any]) -> bool:
    hooks = ((content.get("metadata") or {}).get("annotations") or {}).get(_HOOK, "")
    return bool(hooks) and {each.strip() for each in str(hooks).split(",")} <= _TESTS


def _loader() -> Any:
    import yaml

    parent = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader: Any = type("GoLoader", (parent,), {"yaml_implicit_resolvers": {}})
    for name, pattern, first in _PLAIN:
        loader.add_implicit_resolver(
            f"tag:yaml.org,2002:{name}", pattern, list(first) + ([""] if name == "null" else [])
        )
    loader.add_constructor("tag:yaml.org,2002:bool", lambda _, node: node.value.lower() in _TRUE)
    loader.add_constructor("tag:yaml.org,2002:int", lambda _, node: _integer(node.value))
    loader.add_constructor("tag:yaml.org,2002:float", lambda _, node: _number(node.value))
    return loader


def _integer(text: str) -> int:
    digits = text.replace("_", "").lower()
    octal = re.fullmatch(r"([-+]?)0o?([0-7]+)", digits)
    return int(f"{octal[1]}{octal[2]}", 8) if octal else int(digits, 0)


def _number(text: str) -> float:
    """Return whole numbers as such, which is how JSON has them."""
    found = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return int(found) if found.is_integer() and abs(found) < _EXACT else found


def _as_json(value: Any) -> Any:
    """Return a value with texts for keys: `y: 1` becomes `{"true": 1}` on its way to the server."""
    if isinstance(value, dict):
        return {key if isinstance(key, str) else json.dumps(key): _as_json(each) for key, each in value.items()}
    return [_as_json(each) for each in value] if isinstance(value, list) else value
