"""Tools that stand for others: an environment that says `twins: true` uses them where the others cannot run."""

from dataclasses import replace

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Tool
from platinfra.diagnostics import Diagnostic, join_names
from platinfra.model.ground import Ground
from platinfra.model.workspace import DEFAULT
from platinfra.resolve.environment import Chosen
from platinfra.spec.schema import Use

EXAMPLE = "`environments: {laptop: {twins: true}}` and `--env laptop`"
"""How to have twins in a file without environments: as it stands, it has none."""


def find_twin(tool: Tool, stage: str, ground: Ground, catalog: Catalog) -> Tool | None:
    """Return the first twin of a tool that runs on some ground; None when there is none, or the tool is a service there."""
    if tool.find_place(ground) == "service" and tool.runs_on(ground):
        return None
    named = (catalog.get(each) for each in tool.twins.get(stage, ()))
    return next((each for each in named if each.runs_on(ground, stage)), None)


def as_use(use: Use, twin: Tool) -> Use:
    """Return how the file would name the twin: settings and wires belong to the tool that it stands for."""
    return use.model_copy(
        update={"tool": twin.name, "options": use.options.model_copy(update={"settings": {}, "bind": {}})}
    )


def find_ignored(use: Use, tool: Tool, twin: Tool) -> str:
    """Return a note on what the file says of a tool and its twin does not know; empty when there is nothing."""
    given = ", ".join(f"`{each}`" for each in (*use.options.settings, *use.options.bind))
    return f"`{twin.name}` stands for `{tool.name}` and does not know {given}" if given else ""


def with_offer(problem: Diagnostic, tool: Tool, stage: str, chosen: Chosen, catalog: Catalog) -> Diagnostic:
    """Return a problem of a tool that cannot run, with what its twins could do about that."""
    names = tool.twins.get(stage, [])
    if twin := find_twin(tool, stage, chosen.ground, catalog):
        where = EXAMPLE if chosen.name == DEFAULT else f"`twins: true` in the environment `{chosen.name}`"
        return replace(problem, hint=f"{problem.hint}; or {where}: `{twin.name}` stands for it")
    if chosen.twins:
        why = f"its twin {join_names(names, 'or')} cannot run there either" if names else "it has no twin"
        return replace(problem, message=f"{problem.message}; {why}")
    return problem
