"""Browse the catalog."""

from dataclasses import dataclass, replace
from pathlib import Path

from platinfra.app.workspace import at
from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Tool
from platinfra.diagnostics import Diagnostic, PlatinfraError, did_you_mean, join_names
from platinfra.model import targets as known_targets


@dataclass(frozen=True, slots=True)
class ToolLine:
    """A catalog entry in a line."""

    name: str
    summary: str
    stages: tuple[str, ...]
    targets: tuple[str, ...]
    """Where it can be brought up: nowhere, for what platinfra only knows."""
    needs: tuple[str, ...] = ()
    """The capabilities that others of a stack have to provide."""
    asks: tuple[str, ...] = ()
    """The settings that have to be given."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What `tools` answers."""

    tools: list[ToolLine]
    broken: tuple[Diagnostic, ...]
    """What is wrong with the tools that cannot be read."""


def tools(
    stage: str | None = None, target: str | None = None, file: Path | None = None, *, with_not_run: bool = False
) -> Listing:
    """
    Return the tools, of one stage and for one target if asked, and what platinfra knows and does not run.

    Raise PlatinfraError for an unknown stage or target.
    """
    catalog = Catalog.beside(at(file, None).folder)
    if stage is not None and catalog.find_capability(stage) is None:
        known = [each.name for each in catalog.capabilities()]
        raise PlatinfraError(Diagnostic("unknown-stage", f"`{stage}` is not a stage", hint=did_you_mean(stage, known)))
    if target is not None and target not in known_targets.names():
        hint = did_you_mean(target, known_targets.names()) or f"targets: {join_names(known_targets.names())}"
        raise PlatinfraError(Diagnostic("unknown-value", f"`{target}` is not a target", hint=hint))
    named = (each for each in catalog.tools() if with_not_run or not each.no_route)
    lines = [_line(each, stage) for each in named]
    there = [
        each for each in lines if (stage is None or stage in each.stages) and (target is None or target in each.targets)
    ]
    return Listing(there, tuple(replace(each, severity="warning") for each in catalog.find_mistakes()))


def _line(tool: Tool, stage: str | None) -> ToolLine:
    return ToolLine(
        tool.name,
        tool.summary,
        tuple(tool.provides),
        targets_of(tool, stage),
        needs=tuple(dict.fromkeys(each.capability for each in tool.requires.values() if not each.optional)),
        asks=tuple(name for name, each in tool.settings.items() if each.default is None and each.type != "list"),
    )


def targets_of(tool: Tool, stage: str | None = None) -> tuple[str, ...]:
    """Return the targets on which a tool can be brought up to fill a stage, in one type of their deployments at least."""
    offered = known_targets.grounds().items()
    return tuple(name for name, grounds in offered if any(tool.runs_on(each, stage) for each in grounds))
