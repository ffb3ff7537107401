"""A plan as text and as data."""

from typing import Any

import click

from platinfra.cli import render
from platinfra.cli.changes_text import print_part
from platinfra.resolve.settings import set_by_size
from platinfra.targets.answers import Applied, Planned


def print_plan(planned: Planned) -> None:
    """Print components, what their size set, wires with their reasons, permissions and what would be done."""
    graph, size = planned.stack.graph, planned.stack.size
    click.echo(f"{graph.stack} on {graph.target} (environment {graph.environment})\n")
    click.secho("Components", bold=True)
    render.table(
        [[each.name, each.tool, each.purpose] for each in graph.components.values()],
        ["name", "tool", "stages"],
    )
    if size:
        click.echo(f"  size {size}: {_shown_size(planned)}")
    click.secho("\nWires and permissions", bold=True)
    rows = [
        [f"{each.consumer}.{each.name}", each.provider, ", ".join(each.access) or "use", each.reason]
        for each in graph.bindings
    ]
    render.table(rows, ["wire", "to", "may", "reason"])
    for note in graph.notes:
        click.echo(f"  {note}")
    for part in planned.parts:
        print_part(part)
    if planned.costs:
        click.secho("\nWhat costs most", bold=True)
        render.table([[each.what, each.knob] for each in planned.costs], ["what", "lowered by"])


def _shown_size(planned: Planned) -> str:
    found = _set_by_size(planned)
    written = {name: str(value).lower() if isinstance(value, bool) else value for name, value in found.items()}
    return ", ".join(f"{name} {value}" for name, value in written.items()) or "changes nothing here"


def _set_by_size(planned: Planned) -> dict[str, Any]:
    """Return what the size set, `component.setting` to value."""
    stack = planned.stack
    found = set_by_size(stack.graph.components, stack.catalog, stack.size or "small")
    return {f"{component}.{key}": value for component, each in found.items() for key, value in each.items()}


def plan_data(planned: Planned) -> dict[str, Any]:
    """Return the plan as plain data, without secrets."""
    graph, size = planned.stack.graph, planned.stack.size
    return {
        "stack": graph.stack,
        "environment": graph.environment,
        "target": graph.target,
        "components": list(graph.components.values()),
        "bindings": list(graph.bindings),
        "permissions": list(graph.permissions),
        "notes": list(graph.notes),
        **({"size": size, "set_by_size": _set_by_size(planned)} if size else {}),
        "warnings": list(planned.warnings),
        "parts": [
            {
                "title": each.title,
                "changes": each.changes,
                "unseen": each.unseen,
                "declared": each.declared,
                **({"notes": list(each.notes)} if each.notes else {}),
            }
            for each in planned.parts
        ],
        **({"costs": list(planned.costs)} if planned.costs else {}),
        "changes": [change for each in planned.parts for change in each.changes or ()],
    }


def print_applied(applied: Applied) -> None:
    """Print where everything is, and what to do next."""
    *told, commands = applied.notes or ("",)
    for each in told:
        click.echo(each, err=True)
    for name, address in applied.addresses:
        click.echo(f"{name:<16} {address}")
    click.echo(f"\n{commands}", err=True)
