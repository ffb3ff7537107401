"""Values of charts that the file overrides: whose they are, and where each stands."""

from collections.abc import Iterator, Mapping
from typing import Any

from platinfra.catalog.catalog import canonical_tool
from platinfra.diagnostics import Diagnostic, Span, did_you_mean, join_names
from platinfra.document import Path_
from platinfra.resolve.components import Member
from platinfra.resolve.environment import Chosen

MAIN = "main"


def problems(members: Mapping[str, Member], chosen: Chosen) -> Iterator[Diagnostic]:
    """Yield overrides of components that do not exist or come without a chart."""
    charted = [name for name, each in members.items() if _has_main_chart(each)]
    for written in chosen.overrides:
        span = chosen.destination.where("deployment", "values", written, key=True)
        name = canonical_tool(written)
        if name not in members:
            near = did_you_mean(name, members) or f"components: {join_names(members)}"
            yield Diagnostic("unknown-component", f"`{written}` is not a component of the stack", span, near)
        elif not _has_main_chart(members[name]):
            others = f"components with one: {join_names(charted)}" if charted else None
            yield Diagnostic("no-chart", f"`{written}` is not installed from a Helm chart", span, others)


def _has_main_chart(member: Member) -> bool:
    recipe = member.tool.run.kubernetes
    return recipe is not None and MAIN in recipe.charts


def spans(chosen: Chosen) -> dict[Path_, Span]:
    """Return the place of each value that the file overrides: component, then keys."""
    found = {}
    for path in filter(None, _leaves(chosen.overrides)):
        span = chosen.destination.where("deployment", "values", *path, key=True)
        if span:
            found[(canonical_tool(str(path[0])), *path[1:])] = span
    return found


def _leaves(value: Any, at: Path_ = ()) -> Iterator[Path_]:
    """Yield the paths of what is no mapping."""
    if not isinstance(value, Mapping) or not value:
        yield at
        return
    for key, each in value.items():
        yield from _leaves(each, (*at, key))
