"""Find the tools that a stack names; a tool named in several stages is one component."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from platinfra.catalog.catalog import Catalog, canonical_tool
from platinfra.catalog.schema import Tool
from platinfra.diagnostics import Diagnostic, Span, did_you_mean, join_names
from platinfra.document import Document, Path_
from platinfra.model.graph import Component
from platinfra.model.ground import Place
from platinfra.resolve import existing, named_grounds, recipes, twins, versions
from platinfra.resolve.environment import Chosen
from platinfra.resolve.existing import Server
from platinfra.spec.schema import SettingValue, Use
from platinfra.spec.shape import locate

_COMPONENT = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?")


@dataclass(slots=True)
class Member:
    """A component in the making: its tool and what the file says of it."""

    name: str
    tool: Tool
    place: Place
    span: Span | None
    reason: str = ""
    notes: list[str] = field(default_factory=list)
    """What of the file does not count for it."""
    stages: list[str] = field(default_factory=list)
    settings: dict[str, tuple[SettingValue, Span | None]] = field(default_factory=dict)
    entries: dict[Path_, Span] = field(default_factory=dict)
    """Where what is in the lists of settings stands: a setting and a number, and a key behind them."""
    bind: dict[str, tuple[str, Span | None]] = field(default_factory=dict)
    server: Server | None = None
    """Where it is, when it is there already."""

    def component(self, settings: Mapping[str, SettingValue]) -> Component:
        """Return the finished component."""
        server = self.server or Server("")
        return Component(
            self.name,
            self.tool.name,
            tuple(self.stages),
            dict(settings),
            self.place,
            existing.describe(server.at) if server.at else self.reason,
            server.at,
            server.credentials,
        )


def members(
    chosen: Chosen, catalog: Catalog, without: tuple[str, ...], problems: list[Diagnostic]
) -> dict[str, Member]:
    """Return the components that the file names, by name, in its order."""
    found: dict[str, Member] = {}
    standing: list[tuple[Use, Tool, Tool, str, Path_]] = []
    left_out = _left_out(without, chosen, catalog)
    there = existing.named_existing(chosen, catalog)
    wanted = versions.named_versions(chosen, catalog)
    for stage, uses in chosen.file.stack.items():
        if not catalog.find_capability(stage):
            problems.append(_unknown_stage(stage, uses, chosen, catalog))
        for index, use in enumerate(uses):
            path = locate(chosen.document, (*chosen.stages[stage], index))
            tool = catalog.find(use.tool)
            if tool and _name(use, tool) in left_out:
                continue
            if tool and _name(use, tool) in there:
                known = existing.entry_of(tool, catalog)
                if known is None:
                    span = _use_span(chosen, path, use)
                    problems.append(existing.not_existing(tool, stage, chosen, catalog, span))
                    continue
                tool = known
            if tool and named_grounds.is_ground(use, tool, stage, chosen.ground):
                continue
            problem = _mismatch(tool, use, stage, path, chosen, catalog) or versions.problem(tool, use, chosen, path)
            problems += [problem] if problem else []
            if tool is None or problem or not catalog.find_capability(stage):
                continue
            twin = twins.find_twin(tool, stage, chosen.ground, catalog) if chosen.twins else None
            if twin:
                standing.append((use, tool, twin, stage, path))
            elif trouble := recipes.problem(tool, stage, chosen.ground, catalog, _use_span(chosen, path, use)):
                problems.append(twins.with_offer(trouble, tool, stage, chosen, catalog))
            else:
                _add(found, use, versions.entry_of(tool, wanted.get(_name(use, tool))), stage, path, chosen, problems)
    for use, tool, twin, stage, path in standing:  # after what the file names itself
        _stand_in(found, use, tool, twin, stage, path, chosen, problems)
    _override_settings(found, chosen, problems)
    problems += _unknown_without(left_out, chosen, found, catalog)
    problems += versions.conflicts(found, wanted, chosen, catalog)
    return found


def _stand_in(
    found: dict[str, Member],
    use: Use,
    tool: Tool,
    twin: Tool,
    stage: str,
    path: Path_,
    chosen: Chosen,
    problems: list[Diagnostic],
) -> None:
    """Add a twin instead of the tool that the file names; one that is there already only gets the stage."""
    own = twins.as_use(use, twin)
    before = found.get(_name(own, twin))
    if before is None or stage not in before.stages:
        _add(found, own, twin, stage, path, chosen, problems)
    if member := found.get(_name(own, twin)):
        member.reason = "; ".join(filter(None, (member.reason, f"stands for `{tool.name}`")))
        member.notes += filter(None, [twins.find_ignored(use, tool, twin)])


def find_member(members: Mapping[str, Member], written: str) -> Member | None:
    """Return the component that people mean by a name in any spelling, or by an alias of its tool."""
    name = canonical_tool(written)
    if name in members:
        return members[name]
    named_after = (each for each in members.values() if each.name == each.tool.product)
    return next((each for each in named_after if name in map(canonical_tool, each.tool.aliases)), None)


def unknown_binds(member: Member) -> Iterator[Diagnostic]:
    """Yield what `bind` names that a component does not ask for."""
    for name, (_, span) in member.bind.items():
        if name not in member.tool.requires:
            known = list(member.tool.requires)
            hint = did_you_mean(name, known) or (f"it has {join_names(known)}" if known else "it has none")
            yield Diagnostic("unknown-requirement", f"`{member.tool.name}` has no requirement `{name}`", span, hint)


def _name(use: Use, tool: Tool) -> str:
    return use.options.as_ or tool.product


def _unknown_stage(stage: str, uses: Iterable[Use], chosen: Chosen, catalog: Catalog) -> Diagnostic:
    """Return that there is no such stage, with the one that was meant, or those of the tools that are named for it."""
    tools = [each for each in (catalog.find(use.tool) for use in uses) if each and each.provides and not each.no_route]
    fitting = [f"`{each.name}` is a tool of {join_names(each.provides, 'or')}" for each in tools]
    filled = {capability for each in tools for capability in each.provides}
    stages = (each.name for each in catalog.capabilities() if each.stage)
    near = did_you_mean(stage, sorted(filled) or (each.name for each in catalog.capabilities()))
    hint = near or "; or ".join([*fitting, f"one of {join_names(stages, 'or')}"])
    return Diagnostic(
        "unknown-stage", f"`{stage}` is not a stage", chosen.document.key_span(chosen.stages[stage]), hint
    )


def _mismatch(
    tool: Tool | None, use: Use, stage: str, path: Path_, chosen: Chosen, catalog: Catalog
) -> Diagnostic | None:
    """Return why what is named for a stage cannot fill it on any ground; None when it can, or the stage is unknown."""
    span = _use_span(chosen, path, use)
    if tool and (problem := recipes.not_run(tool, stage, chosen.ground, catalog, span)):
        return problem
    if not catalog.find_capability(stage) or (tool and stage in tool.provides):
        return None
    others = recipes.able(stage, chosen.ground, catalog) or f"no tool of `{stage}` can; remove the stage"
    if tool is None:
        hint = did_you_mean(use.tool, catalog.names()) or others
        return Diagnostic("unknown-tool", f"`{use.tool}` is not in the catalog", span, hint)
    why = f": {tool.not_for[stage]}" if stage in tool.not_for else ""
    hint = f"`{tool.product}` provides {join_names(tool.provides)}; {others}"
    return Diagnostic("wrong-stage", f"`{tool.product}` does not provide `{stage}`{why}", span, hint)


def _use_span(chosen: Chosen, path: Path_, use: Use) -> Span | None:
    return chosen.document.keys.get((*path, use.tool)) or chosen.document.value_span(path)


def _add(
    found: dict[str, Member], use: Use, tool: Tool, stage: str, path: Path_, chosen: Chosen, problems: list[Diagnostic]
) -> None:
    name, span = _name(use, tool), _use_span(chosen, path, use)
    if use.options.as_ is not None and (not _COMPONENT.fullmatch(name) or name == "client"):
        hint = "lower-case letters, digits and dashes, at most 40, beginning with a letter"
        place = chosen.document.value_span((*path, use.tool, "as"))
        problems.append(Diagnostic("invalid-name", f"`{name}` is not a valid component name", place, hint))
        return
    member = found.setdefault(name, Member(name, tool, recipes.place_of(tool, chosen.ground), span))
    if member.tool.name != tool.name:
        hint = f"a `{member.tool.name}` already has this name; choose another with `as`"
        problems.append(Diagnostic("name-taken", f"two components would be named `{name}`", span, hint))
        return
    if stage in member.stages:
        hint = f"a second instance needs a name of its own: `{tool.name}: {{as: {name}-2}}`"
        problems.append(Diagnostic("tool-twice", f"`{name}` is listed twice in `{stage}`", span, hint))
        return
    member.stages.append(stage)
    if existing.is_existing(use):
        _place_server(member, use, path, chosen, problems)
    for key, value in use.options.settings.items():
        written = locate(chosen.document, (*path, "options", "settings", key))
        place = chosen.document.key_span(written)
        if key in member.settings and member.settings[key][0] != value:
            hint = f"`{name}` is one component; set it once, or name a second one with `as`"
            problems.append(Diagnostic("conflicting-setting", f"`{key}` of `{name}` has two values", place, hint))
        member.settings.setdefault(key, (value, place))
        member.entries |= _entry_spans(chosen.document, written, key, value)
    for key, target in use.options.bind.items():
        place = chosen.document.value_span(locate(chosen.document, (*path, "options", "bind", key)))
        member.bind.setdefault(key, (target, place))


def _place_server(member: Member, use: Use, path: Path_, chosen: Chosen, problems: list[Diagnostic]) -> None:
    """Note where a component is that is there already; it may be said in one stage or in each, the same everywhere."""
    server = existing.server_of(member.tool, use, path, chosen, problems)
    if member.server and member.server != server:
        hint = f"`{member.name}` is one component; say it once, or name a second one with `as`"
        message = f"`{member.name}` is in two places, or has its credentials from two"
        problems.append(Diagnostic("conflicting-setting", message, _use_span(chosen, path, use), hint))
    member.server = member.server or server


def _override_settings(found: dict[str, Member], chosen: Chosen, problems: list[Diagnostic]) -> None:
    for written, settings in chosen.settings.items():
        path = ("environments", chosen.name, "settings", written)
        member = find_member(found, written)
        if member is None:
            hint = did_you_mean(written, found) or f"components: {join_names(found)}"
            message, span = f"`{written}` is not a component of the stack", chosen.document.key_span(path)
            problems.append(Diagnostic("unknown-component", message, span, hint))
            continue
        for key, value in settings.items():
            place = locate(chosen.document, (*path, key))
            member.settings[key] = (value, chosen.document.key_span(place))
            member.entries |= _entry_spans(chosen.document, place, key, value)


def _entry_spans(document: Document, path: Path_, key: str, value: Any) -> dict[Path_, Span]:
    """Return where the entries of a list stand, and their keys; nothing of any other value."""
    found: dict[Path_, Span | None] = {}
    for index, entry in enumerate(value if isinstance(value, list) else ()):
        found[key, index] = document.value_span((*path, index))
        for name in entry if isinstance(entry, dict) else ():
            found[key, index, name] = document.key_span((*path, index, name))
    return {place: span for place, span in found.items() if span}


def _left_out(without: Iterable[str], chosen: Chosen, catalog: Catalog) -> set[str]:
    """Return the components that are meant: a name of the stack's own wins over a tool's alias."""
    written = {canonical_tool(each) for each in without}
    own = written & _names_in_file(chosen, catalog) if written else set()
    return own | {catalog.name_of(each) for each in written - own}


def _unknown_without(
    left_out: set[str], chosen: Chosen, found: Mapping[str, Member], catalog: Catalog
) -> Iterator[Diagnostic]:
    for name in sorted(left_out - _names_in_file(chosen, catalog) if left_out else ()):
        message = f"`--without {name}`: the stack has no such component"
        yield Diagnostic("unknown-component", message, None, did_you_mean(name, found))


def _names_in_file(chosen: Chosen, catalog: Catalog) -> set[str]:
    """Return the names of all components that the file writes down."""
    uses = (use for each in chosen.file.stack.values() for use in each)
    return {canonical_tool(use.options.as_ or catalog.name_of(use.tool)) for use in uses}
