"""A plan as text and as data."""

from typing import Any

import click

from platinfra.app.plan import Planned
from platinfra.cli import render
from platinfra.cli.cloud_text import cloud_data, print_cloud
from platinfra.cli.cluster_text import cluster_data, print_cluster
from platinfra.resolve.settings import set_by_size
from platinfra.spec.schema import Scalar

_SIGNS = {"create": "+", "update": "~", "repair": "~", "remove": "-", "unchanged": " "}


def print_plan(planned: Planned) -> None:
    """Print components, what their size set, wires with their reasons, permissions and actions."""
    graph, file = planned.resolved.graph, planned.resolved.file
    click.echo(f"{graph.stack} on {graph.target} (environment {graph.environment})\n")
    click.secho("Components", bold=True)
    render.table(
        [[each.name, each.tool, ", ".join(each.stages) or each.reason] for each in graph.components.values()],
        ["name", "tool", "stages"],
    )
    if file.deployment.size:
        click.echo(f"  size {file.deployment.size}: {_shown_size(planned)}")
    click.secho("\nWires and permissions", bold=True)
    rows = [
        [f"{each.consumer}.{each.name}", each.provider, ", ".join(each.access) or "use", each.reason]
        for each in graph.bindings
    ]
    render.table(rows, ["wire", "to", "may", "because"])
    for note in graph.notes:
        click.echo(f"  {note}")
    if planned.plan is not None:
        _print_actions(planned)
    if planned.cloud is not None:
        print_cloud(planned.cloud)
    if planned.cluster is not None:
        print_cluster(planned.cluster)


def _shown_size(planned: Planned) -> str:
    found = _set_by_size(planned)
    written = {name: str(value).lower() if isinstance(value, bool) else value for name, value in found.items()}
    return ", ".join(f"{name} {value}" for name, value in written.items()) or "changes nothing here"


def _set_by_size(planned: Planned) -> dict[str, Scalar]:
    """Return what the size set, `component.setting` to value."""
    resolved = planned.resolved
    found = set_by_size(resolved.graph.components, planned.catalog, resolved.file.deployment.size or "small")
    return {f"{component}.{key}": value for component, each in found.items() for key, value in each.items()}


def _print_actions(planned: Planned) -> None:
    changed = [each for each in planned.changes if each.verb != "unchanged"]
    click.secho("\nActions", bold=True)
    for each in changed:
        click.echo(f"{_SIGNS[each.verb]} {each.summary}")
    same = len(planned.changes) - len(changed)
    click.echo(f"{len(changed)} to do, {same} unchanged" if changed else f"nothing to do: {same} unchanged")


def plan_data(planned: Planned) -> dict[str, Any]:
    """Return the plan as plain data, without secrets."""
    graph, size = planned.resolved.graph, planned.resolved.file.deployment.size
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
        "changes": list(planned.changes),
        **(cloud_data(planned.cloud) if planned.cloud is not None else {}),
        **(cluster_data(planned.cluster) if planned.cluster is not None else {}),
    }
