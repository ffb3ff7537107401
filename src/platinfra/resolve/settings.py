"""Check the settings of a component against its tool, and fill in the defaults: those of the deployment's size."""

import re
from collections.abc import Iterator, Mapping
from operator import gt, lt
from typing import Any

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Setting, Tool
from platinfra.diagnostics import Diagnostic, Span, did_you_mean, join_names
from platinfra.model.graph import Component
from platinfra.model.ground import Place
from platinfra.resolve import formats
from platinfra.resolve.components import Member
from platinfra.sections.section import canonical_key
from platinfra.spec.schema import Scalar, SettingValue

_VARIABLE = r"\$(\w+|\{[^}]*\})"
_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "string": ((str,), "text"),
    "integer": ((int,), "a whole number"),
    "number": ((int, float), "a number"),
    "boolean": ((bool,), "true or false"),
    "list": ((list,), "a list"),
}


def settings_of(member: Member, problems: list[Diagnostic], size: str = "small") -> dict[str, SettingValue]:
    """
    Return the settings of a component with defaults; note what is unknown, missing or of the wrong type.

    The `size` of the deployment changes defaults.
    """
    known = member.tool.settings
    values: dict[str, SettingValue] = _defaults(known)
    values |= defaults_of_size(member.tool, member.place, size)
    for key, (value, span) in member.settings.items():
        if key not in known:
            here = [name for name, each in known.items() if member.place in each.places]
            hint = did_you_mean(key, known) or (f"it has {join_names(here)}" if here else "it has no settings")
            problems.append(Diagnostic("unknown-setting", f"`{member.tool.name}` has no setting `{key}`", span, hint))
        elif value and (instead := known[key].refused.get(member.place)):
            message = f"the setting `{key}` of `{member.tool.name}` does not apply here"
            problems.append(Diagnostic("setting-elsewhere", message, span, instead))
        elif problem := _problem(f"the setting `{key}`", known[key], _as_meant(known[key], value), span):
            problems.append(problem)
        elif isinstance(value, list):
            values[key] = _entries(member, key, value, problems)
        else:
            values[key] = _as_meant(known[key], value)
    problems += _apply_bounds(member, values)
    problems += [
        _missing(member, key, each)
        for key, each in known.items()
        if (key not in values and key not in member.settings)
        or (
            # What was given and is wrong is told above.
            values.get(key) == member.settings.get(key, ("", None))[0] == ""
            and member.place in each.places
            and (member.place in each.needed or not set(member.stages).isdisjoint(each.needed_in))
        )
    ]
    return values


def _defaults(known: Mapping[str, Setting]) -> dict[str, SettingValue]:
    """Return what settings are that nobody sets, without those that somebody has to."""
    defaults: dict[str, SettingValue | None] = {name: each.default for name, each in known.items()}
    return {name: value for name, value in defaults.items() if value is not None}


def _entries(member: Member, key: str, written: list[Any], problems: list[Diagnostic]) -> list[dict[str, SettingValue]]:
    """Return the entries of a list with defaults; note what is wrong with each, and names that stand twice."""
    items = member.tool.settings[key].items
    found: list[dict[str, SettingValue]] = []
    for index, entry in enumerate(written):
        span = member.entries.get((key, index))
        if not isinstance(entry, dict):
            hint = f"it has {join_names(items)}"
            problems.append(Diagnostic("wrong-type", f"an entry of `{key}` must be a mapping", span, hint))
            continue
        spans = {name: member.entries.get((key, index, name)) for name in entry}
        problems += _entry_problems(key, items, entry, spans, span)
        name = entry.get("name")
        if name is not None and any(each.get("name") == name for each in found):
            message = f"two entries of `{key}` are named `{name}`"
            problems.append(Diagnostic("name-taken", message, spans["name"], "give each a name of its own"))
        found.append({**_defaults(items), **{canonical_key(str(each)): value for each, value in entry.items()}})
    return found


def _entry_problems(
    key: str,
    items: Mapping[str, Setting],
    entry: Mapping[str, Any],
    spans: Mapping[str, Span | None],
    span: Span | None,
) -> Iterator[Diagnostic]:
    """Yield what is unknown, wrong or missing in one entry of a list."""
    for written, value in entry.items():
        name = canonical_key(str(written))
        if name not in items:
            hint = did_you_mean(name, items) or f"it has {join_names(items)}"
            yield Diagnostic("unknown-setting", f"an entry of `{key}` has no `{written}`", spans[written], hint)
        elif problem := _problem(f"`{name}` in `{key}`", items[name], value, spans[written]):
            yield problem
    given = {canonical_key(str(each)) for each in entry}
    for name, each in items.items():
        if each.default is None and name not in given:
            yield Diagnostic("missing-setting", f"an entry of `{key}` needs `{name}`", span, each.help)


def _as_meant(setting: Setting, value: SettingValue) -> SettingValue:
    """Return a value as its setting means it: YAML reads a quantity without a unit as a number."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if setting.format == "quantity" and is_number else value


def _apply_bounds(member: Member, values: dict[str, SettingValue]) -> Iterator[Diagnostic]:
    """Move defaults to within the settings that bound them; yield what the file sets beyond."""
    for key, setting in member.tool.settings.items():
        for word, other, outside in (("least", setting.at_least, lt), ("most", setting.at_most, gt)):
            value, bound = values.get(key), values.get(other or "")
            if isinstance(value, int | float) and isinstance(bound, int | float) and outside(value, bound):
                values[key] = bound
                if key in member.settings:
                    message = f"the setting `{key}` must be at {word} `{other}`, which is {bound:g}"
                    yield Diagnostic("out-of-range", message, member.settings[key][1], setting.help)


def defaults_of_size(tool: Tool, place: Place, size: str) -> dict[str, Scalar]:
    """Return the defaults of a tool that the size of the deployment changes; a machine has the one size that it has."""
    if place == "machine":
        return {}
    return {
        name: value
        for name, each in tool.settings.items()
        for of_size, value in each.sizes.items()
        if of_size == size and place in each.places
    }


def set_by_size(components: Mapping[str, Component], catalog: Catalog, size: str) -> dict[str, dict[str, Scalar]]:
    """Return what the size of the deployment set: component to settings; what the file says itself is not among it."""
    found = {
        name: {
            key: value
            for key, value in defaults_of_size(catalog.get(each.tool), each.place, size).items()
            if each.settings.get(key) == value and value != catalog.get(each.tool).settings[key].default
        }
        for name, each in components.items()
    }
    return {name: each for name, each in found.items() if each}


def _missing(member: Member, key: str, setting: Setting) -> Diagnostic:
    example = {"string": "NAME", "integer": "1", "number": "1.0", "boolean": "true"}[setting.type]
    hint = f"{setting.help.rstrip('.')}: write `{member.tool.name}: {{settings: {{{key}: {example}}}}}`"
    return Diagnostic("missing-setting", f"`{member.name}` needs the setting `{key}`", member.span, hint)


def _problem(what: str, setting: Setting, value: SettingValue, span: Span | None) -> Diagnostic | None:
    return _stray_variable(what, setting, value, span) or _mistake(what, setting, value, span)


def _stray_variable(what: str, setting: Setting, value: SettingValue, span: Span | None) -> Diagnostic | None:
    """Return that a value is the name of a variable of a shell, which the tool would take for the value."""
    if not isinstance(value, str) or not re.fullmatch(_VARIABLE, value):
        return None
    message = f"{what}: `{value}` would stay as it is, since no variables are filled in"
    return Diagnostic("wrong-format", message, span, f"write the value: {setting.help}")


def _mistake(what: str, setting: Setting, value: SettingValue, span: Span | None) -> Diagnostic | None:
    types, wanted = _KINDS[setting.type]
    if not isinstance(value, types) or (isinstance(value, bool) and setting.type != "boolean"):
        return Diagnostic("wrong-type", f"{what} must be {wanted}", span, setting.help)
    if setting.choices is not None and value not in setting.choices:
        choices = [str(each) for each in setting.choices]
        hint = did_you_mean(str(value), choices) or f"one of {join_names(choices, 'or')}"
        return Diagnostic("unknown-value", f"`{value}` is not a value of {what}", span, hint)
    if setting.format and value != "" and (trouble := formats.problem(setting.format, str(value))):
        return Diagnostic("wrong-format", f"{what}: {trouble[0]}", span, trouble[1])
    if value == "" and setting.default is None:
        return Diagnostic("unknown-value", f"{what} is empty", span, setting.help)
    for word, bound, outside in (("least", setting.minimum, lt), ("most", setting.maximum, gt)):
        if bound is not None and isinstance(value, int | float) and outside(value, bound):
            message = f"{what} must be at {word} {bound:g}"
            return Diagnostic("out-of-range", message, span, setting.help)
    return None
