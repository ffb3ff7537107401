"""Plans as data, with what is configured but known only after an apply filled in: scanners take it for missing."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_INDEX = re.compile(r'\["[^"]*"\]|\[\d+\]')


def filled(plan: dict[str, Any]) -> dict[str, Any]:
    """Put a text where an attribute has an expression and no value yet; what nobody configured stays away."""
    values: dict[str, Any] = {}
    for each in plan["resource_changes"]:
        change = each["change"]
        if each["mode"] == "managed" and change["after"] is not None:
            _fill(change["after"], change["after_unknown"], _expressions(plan["configuration"], each["address"]))
            values[each["address"]] = change["after"]
    for resource in _resources(plan["planned_values"]["root_module"]):
        resource["values"] = values.get(resource["address"], resource.get("values"))
    return plan


def _fill(after: dict[str, Any], unknown: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    for name, mark in unknown.items():
        if name not in given:
            continue
        if mark is True:
            after[name] = f"later: {given[name]}"
        elif isinstance(mark, list) and isinstance(given[name], list):
            for block, marks, expressions in zip(after[name], mark, given[name], strict=False):
                if isinstance(marks, dict):
                    _fill(block, marks, expressions)


def _expressions(configuration: Mapping[str, Any], address: str) -> Mapping[str, Any]:
    """Return the expressions of a resource; its address in the configuration has no index."""
    *modules, kind, name = _INDEX.sub("", address).split(".")
    module = configuration["root_module"]
    for called in modules[1::2]:
        module = module["module_calls"][called]["module"]
    return next(each.get("expressions", {}) for each in module["resources"] if each["address"] == f"{kind}.{name}")


def _resources(module: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources", ())
    for child in module.get("child_modules", ()):
        yield from _resources(child)
