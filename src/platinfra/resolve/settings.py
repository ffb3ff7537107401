"""Check the settings of a component against its tool, and fill in the defaults."""

from platinfra.catalog.schema import Setting
from platinfra.diagnostics import Diagnostic, Span, did_you_mean, listed
from platinfra.resolve.components import Member
from platinfra.resolve.formats import FORMATS
from platinfra.spec.schema import Scalar

_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "string": ((str,), "text"),
    "integer": ((int,), "a whole number"),
    "number": ((int, float), "a number"),
    "boolean": ((bool,), "true or false"),
}


def settings_of(member: Member, problems: list[Diagnostic]) -> dict[str, Scalar]:
    """Return the settings of a component with defaults; note what is unknown, missing or of the wrong type."""
    known = member.tool.settings
    values: dict[str, Scalar] = {name: each.default for name, each in known.items() if each.default is not None}
    for key, (value, span) in member.settings.items():
        if key not in known:
            hint = did_you_mean(key, known) or (f"it has {listed(known)}" if known else "it has no settings")
            problems.append(Diagnostic("unknown-setting", f"`{member.tool.name}` has no setting `{key}`", span, hint))
        elif problem := _problem(key, known[key], value, span):
            problems.append(problem)
        else:
            values[key] = value
    problems += [
        _missing(member, key, each)
        for key, each in known.items()
        if each.default is None and key not in member.settings
    ]
    return values


def _missing(member: Member, key: str, setting: Setting) -> Diagnostic:
    example = {"string": "NAME", "integer": "1", "number": "1.0", "boolean": "true"}[setting.type]
    hint = f"{setting.help.rstrip('.')}: write `{member.tool.name}: {{settings: {{{key}: {example}}}}}`"
    return Diagnostic("missing-setting", f"`{member.name}` needs the setting `{key}`", member.span, hint)


def _problem(key: str, setting: Setting, value: Scalar, span: Span | None) -> Diagnostic | None:
    types, wanted = _KINDS[setting.type]
    if not isinstance(value, types) or (isinstance(value, bool) and setting.type != "boolean"):
        return Diagnostic("wrong-type", f"the setting `{key}` has to be {wanted}", span, setting.help)
    if setting.choices is not None and value not in setting.choices:
        choices = [str(each) for each in setting.choices]
        hint = did_you_mean(str(value), choices) or f"one of {listed(choices, 'or')}"
        return Diagnostic("unknown-value", f"`{value}` is not a value of the setting `{key}`", span, hint)
    if setting.format and value != "" and (trouble := FORMATS[setting.format](str(value))):
        return Diagnostic("wrong-format", f"the setting `{key}`: {trouble[0]}", span, trouble[1])
    if value == "" and setting.default is None:
        return Diagnostic("unknown-value", f"the setting `{key}` is empty", span, setting.help)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _range_problem(key, setting, value, span)
    return None


def _range_problem(key: str, setting: Setting, value: float, span: Span | None) -> Diagnostic | None:
    if setting.minimum is not None and value < setting.minimum:
        return Diagnostic("out-of-range", f"the setting `{key}` is at least {setting.minimum:g}", span, setting.help)
    if setting.maximum is not None and value > setting.maximum:
        return Diagnostic("out-of-range", f"the setting `{key}` is at most {setting.maximum:g}", span, setting.help)
    return None
