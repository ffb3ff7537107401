"""Browse the catalog."""

from dataclasses import dataclass
from pathlib import Path

from platinfra.app.workspace import at
from platinfra.catalog.schema import Tool
from platinfra.diagnostics import Diagnostic, PlatinfraError, did_you_mean


@dataclass(frozen=True, slots=True)
class ToolLine:
    """A catalog entry in a line."""

    name: str
    summary: str
    stages: tuple[str, ...]
    supports: tuple[str, ...]
    runs: tuple[str, ...]
    """The targets for which this version has a recipe."""


def tools(stage: str | None = None, target: str | None = None, file: Path | None = None) -> list[ToolLine]:
    """Return the tools, of one stage and for one target if asked; raise PlatinfraError for an unknown stage."""
    catalog = at(file, None).catalog()
    if stage is not None and catalog.find_capability(stage) is None:
        known = [each.name for each in catalog.capabilities()]
        raise PlatinfraError(Diagnostic("unknown-stage", f"`{stage}` is not a stage", hint=did_you_mean(stage, known)))
    lines = [line(each) for each in catalog.tools()]
    return [
        each
        for each in lines
        if (stage is None or stage in each.stages) and (target is None or target in each.supports)
    ]


def line(tool: Tool) -> ToolLine:
    """Return a tool in a line."""
    here = ("local",) if tool.run.local or (tool.check and "local" in tool.supports) else ()
    runs = (*here, *(("kubernetes",) if tool.run.kubernetes and "kubernetes" in tool.supports else ()))
    return ToolLine(tool.name, tool.summary, tuple(tool.provides), tuple(tool.supports), runs)
