"""The version of a tool that a stack file names: `TOOL: {version: "1.2.3"}` in one of its stages is enough."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Tool
from platinfra.catalog.versions import as_version, versions_of
from platinfra.diagnostics import Diagnostic, join_names
from platinfra.document import Path_
from platinfra.resolve.environment import Chosen
from platinfra.spec.schema import Use
from platinfra.spec.shape import locate

if TYPE_CHECKING:
    from platinfra.resolve.components import Member

Named = Mapping[str, str]
"""Component to the version that the file names."""


def named_versions(chosen: Chosen, catalog: Catalog) -> Named:
    """Return the version of each component that the file names one for, the first where there are two."""
    found: dict[str, str] = {}
    for use in (each for uses in chosen.file.stack.values() for each in uses):
        if use.options.version is not None:
            found.setdefault(use.options.as_ or catalog.name_of(use.tool), use.options.version)
    return found


def entry_of(tool: Tool, version: str | None) -> Tool:
    """Return the entry of a tool in a version that it has; the usual one where none is named."""
    return as_version(tool, version) if version in versions_of(tool) else tool


def problem(tool: Tool | None, use: Use, chosen: Chosen, path: Path_) -> Diagnostic | None:
    """Return why a tool cannot have the version that is named where it is used; None when it can, or none is named."""
    version = use.options.version
    if version is None or tool is None:
        return None
    known = versions_of(tool)
    span = chosen.document.value_span(locate(chosen.document, (*path, "options", "version")))
    remove = "remove `version`"
    if tool.name != tool.product:
        message = f"`{tool.product}` is there already, and its version is what runs there"
        return Diagnostic("no-version", message, span, remove)
    if "machine" not in chosen.ground.places:
        message = f"`{tool.name}` on {chosen.ground} has the version that its recipe there names"
        return Diagnostic("no-version", message, span, f"{remove}; versions are chosen on a machine")
    if not known:
        return Diagnostic("no-version", f"`{tool.name}` has one version alone, that of its lock", span, remove)
    if version not in known:
        hint = f"write one of {join_names(known, 'or')}"
        return Diagnostic("unknown-version", f"there is no lock for `{tool.name}` {version}", span, hint)
    return None


def conflicts(found: Mapping[str, "Member"], named: Named, chosen: Chosen, catalog: Catalog) -> Iterator[Diagnostic]:
    """Yield that two versions of a tool are in one stack: a component has one, and so has the environment of code."""
    uses = ((stage, index, use) for stage, all_uses in chosen.file.stack.items() for index, use in enumerate(all_uses))
    for stage, index, use in uses:
        member = found.get(use.options.as_ or catalog.name_of(use.tool))
        if member and use.options.version not in {None, named.get(member.name)}:
            path = locate(chosen.document, (*chosen.stages[stage], index, "options", "version"))
            message = f"`{member.name}` has the versions {named[member.name]} and {use.options.version}"
            hint = "it is one component; say its version once, or name a second one with `as`"
            yield Diagnostic("conflicting-setting", message, chosen.document.value_span(path), hint)
    first: dict[str, Member] = {}
    for member in found.values() if not chosen.file.project.requirements else ():
        other = first.setdefault(member.tool.product, member)
        if other.tool.client.packages != member.tool.client.packages:
            message = f"`{other.name}` and `{member.name}` are of two versions, and code has one environment for both"
            hint = "choose one version, or bring a lock for your code: `project: {requirements: requirements.lock.txt}`"
            yield Diagnostic("conflicting-setting", message, member.span, hint)
