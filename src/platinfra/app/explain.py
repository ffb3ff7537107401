"""Explain a tool, a stage, a setting or an error."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from platinfra.app.tools import targets_of
from platinfra.app.workspace import at
from platinfra.catalog.capability import Capability
from platinfra.catalog.catalog import Catalog, canonical_tool
from platinfra.catalog.existing import ExistingServer
from platinfra.catalog.schema import NoRoute, Setting, Tool
from platinfra.catalog.versions import versions_of
from platinfra.diagnostics import Diagnostic, PlatinfraError, did_you_mean
from platinfra.document import load_file

NOWHERE = "nothing in this version"
_FILE = Path(__file__).parent.parent / "explanations.yaml"


def explanations() -> dict[str, str]:
    """Return why each error is as it is and what mends it, by its slug."""
    data: Any = load_file(_FILE, name=_FILE.name).data
    return {str(slug): str(text).strip() for slug, text in data.items()}


def explain(name: str, file: Path | None = None) -> str:
    """Return the explanation of `name`; raise PlatinfraError with the nearest names when there is none."""
    catalog = Catalog.beside(at(file, None).folder)
    if (tool := catalog.find(name)) is not None:  # before settings are looked for: `neptune.ai` is a tool
        return "\n".join(_tool(tool, catalog))
    tool_name, _, setting = name.partition(".")
    if (tool := catalog.find(tool_name)) is not None:
        return _setting(tool, setting)
    if (capability := catalog.find_capability(canonical_tool(name).replace("-", "_"))) is not None:
        return "\n".join(_capability(capability, catalog))
    errors = explanations()
    if name in errors:
        return f"{name}\n\n{errors[name]}"
    known = [*catalog.names(), *(each.name for each in catalog.capabilities()), *errors]
    hint = did_you_mean(name, known) or "see `platinfra tools`"
    message = f"`{name}` is not the name of a tool, stage, setting or error"
    raise PlatinfraError(Diagnostic("unknown-name", message, hint=hint))


def _tool(tool: Tool, catalog: Catalog) -> Iterator[str]:
    yield f"{tool.name}: {tool.summary}"
    yield f"{tool.homepage} ({tool.license})"
    yield ""
    yield from _not_run(tool.no_route) if tool.no_route else [f"runs on      {', '.join(targets_of(tool)) or NOWHERE}"]
    if tool.aliases:
        yield f"also called  {', '.join(tool.aliases)}"
    for stage, names in tool.twins.items():
        yield f"twins        {stage}: {' or '.join(names)}, where an environment says `twins: true`"
    yield from _left_out(tool)
    if tool.remarks:
        yield f"remark       {tool.remarks}"
    if tool.provides:
        yield f"{'stages' if tool.no_route else 'provides':<12} {', '.join(tool.provides)}"
    if known := versions_of(tool):
        yield f"versions     {', '.join(known)}: `{tool.name}: {{version: {known[-1]}}}` on a machine"
    if tool.existing:
        yield from _elsewhere(tool, tool.existing)
    for name, each in tool.requires.items():
        access = ", ".join(each.access or catalog.capability(each.capability).default_access)
        yield f"requires     {name}: {each.capability} [{access}]{' (optional)' if each.optional else ''}"
    for name, setting in tool.settings.items():
        yield f"setting      {_setting_line(name, setting)}"
    for name, endpoint in tool.endpoints.items():
        yield f"listens on   {endpoint.port} ({name}), or the next free port"
    for name in tool.client.env:
        yield f"clients get  {name}"


def _left_out(tool: Tool) -> Iterator[str]:
    """Yield where it does not run, and what it is not for."""
    for where, reason in tool.limits.items():
        yield f"cannot       {where}: {reason}"
    for stage, reason in tool.not_for.items():
        yield f"not for      {stage}: {reason}"
    for stage, reason in (tool.run.local.not_for if tool.run.local else {}).items():
        yield f"not for      {stage} on a machine: {reason}"


def _elsewhere(tool: Tool, known: ExistingServer) -> Iterator[str]:
    """Yield how to use it where it is there already."""
    named = [f"{name} ({variable} of clients)" if variable else name for name, variable in known.credentials.items()]
    at = f"at {known.at}" if known.at else f"`{tool.name}: {{at: {tool.example_address}}}`"
    yield f"existing     {at}, with the credentials {', '.join(named)}" if named else f"existing     {at}"


def _not_run(known: NoRoute) -> Iterator[str]:
    yield f"not run      {known.reason} ({known.source}, {known.checked})"
    if known.advice:
        yield f"do           {known.advice}"
    if known.instead:
        yield f"instead      {', '.join(known.instead)}"


def _setting(tool: Tool, name: str) -> str:
    name = canonical_tool(name).replace("-", "_")
    if name not in tool.settings:
        hint = did_you_mean(name, tool.settings) or "it has none"
        raise PlatinfraError(Diagnostic("unknown-setting", f"`{tool.name}` has no setting `{name}`", hint=hint))
    return f"{tool.name}.{_setting_line(name, tool.settings[name])}"


def _setting_line(name: str, setting: Setting) -> str:
    default = "required" if setting.default is None else f"default {_to_yaml(setting.default)}"
    if setting.type == "list":
        entries = "; ".join(_setting_line(each, item) for each, item in setting.items.items())
        return f"{name}: {setting.help} (list, default []; of mappings with {entries})"
    choices = f", one of {', '.join(map(str, setting.choices))}" if setting.choices else ""
    sizes = "".join(f", {size} {_to_yaml(value)}" for size, value in setting.sizes.items())
    needed = f", needed on {', '.join(setting.needed)}" if setting.needed else ""
    needed += f", needed in stage {', '.join(setting.needed_in)}" if setting.needed_in else ""
    return f"{name}: {setting.help} ({setting.type}, {default}{needed}{sizes}{choices})"


def _to_yaml(value: object) -> str:
    """Return a value as it is written in YAML."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) or '""'


def _capability(capability: Capability, catalog: Catalog) -> Iterator[str]:
    yield f"{capability.name}: {capability.summary}"
    yield ""
    for title, text in (("means", capability.means), ("proof", capability.proof)):
        if text:
            yield f"{title:<12} {text}"
    yield f"access       {', '.join(capability.access)} (default {', '.join(capability.default_access)})"
    yield f"attributes   {', '.join(capability.attributes)}"
    for target, tool in capability.defaults.items():
        yield f"default      {tool} on {target}"
    for tool_ in catalog.providers(capability.name):
        yield f"tool         {tool_.name}: {tool_.summary} ({', '.join(targets_of(tool_, capability.name)) or 'nowhere'})"
    if capability.stage:
        proved = [
            each.name
            for each in catalog.providers(capability.name)
            if each.is_proved("machine") and each.fills(capability.name, "machine")
        ]
        yield f"checked      by `platinfra check` on this machine: {', '.join(proved) or 'none'}; elsewhere only rendered"
