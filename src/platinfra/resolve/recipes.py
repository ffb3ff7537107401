"""The one answer to "where": the place of a tool on some ground, or why it has none and what has."""

from collections.abc import Iterable

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Tool
from platinfra.diagnostics import Diagnostic, Span, join_names
from platinfra.model.graph import Component
from platinfra.model.ground import Ground, Place


def place_of(tool: Tool, ground: Ground) -> Place:
    """Return where a tool stands; raise ValueError when it cannot be brought up there."""
    place = tool.find_place(ground)
    if place is None or tool.limit(ground):
        message = f"{tool.name} has no recipe on {ground}"
        raise ValueError(message)
    return place


def problem(tool: Tool, stage: str, ground: Ground, catalog: Catalog, span: Span | None) -> Diagnostic | None:
    """Return why a tool cannot fill a stage on some ground, with those that can; None when it can."""
    if tool.runs_on(ground, stage):
        return None
    hint = able(stage, ground, catalog) or f"no tool of `{stage}` can; remove the stage"
    if reason := tool.limit(ground, stage):
        message = f"`{tool.product}` cannot run on {ground}: {reason}"
        return Diagnostic("tool-not-on-target", message, span, hint)
    message = f"platinfra has no recipe for `{tool.product}` on {ground} yet"
    return Diagnostic("no-recipe", message, span, hint)


def not_run(tool: Tool, stage: str, ground: Ground, catalog: Catalog, span: Span | None) -> Diagnostic | None:
    """Return that platinfra does not run what is named for a stage, known or not, with what works here; None for all else."""
    if not (known := tool.no_route):
        return None
    named = [each for each in map(catalog.find, known.instead) if each]
    others = (
        instead("instead", (each for each in named if stage in each.provides), ground, "or", stage)
        or able(stage, ground, catalog)
        or instead("instead", named, ground, "or")
    )
    message = f"platinfra does not run `{tool.name}`: {known.reason} ({known.source}, {known.checked})"
    hint = "; ".join(filter(None, (known.advice, others))) or f"no tool of `{stage}` can; remove the stage"
    return Diagnostic("no-route", message, span, hint)


def idle_machine(components: Iterable[Component], ground: Ground) -> Diagnostic | None:
    """Return that nothing of a stack would run on the machine that is created for it; None when something does."""
    if "machine" not in ground.places or any(each.place == "machine" for each in components):
        return None
    message = f"no tool of the stack runs on the machine that `type: {ground.type}` creates"
    hint = "add a tool that runs on a machine (`platinfra tools --target local` lists them), or use `type: kubernetes`"
    return Diagnostic("idle-machine", message, hint=hint)


def able(stage: str, ground: Ground, catalog: Catalog) -> str | None:
    """Return a hint that names the tools that fill a stage on some ground; None when there are none."""
    return instead(f"tools of `{stage}` that can", catalog.providers(stage), ground, stage=stage)


def instead(
    what: str, tools: Iterable[Tool], ground: Ground, conjunction: str = "and", stage: str | None = None
) -> str | None:
    """Return a hint that names the tools that can be brought up on some ground; None when there are none."""
    able = [each.name for each in tools if each.runs_on(ground, stage)]
    return f"{what}: {join_names(able, conjunction)}" if able else None
