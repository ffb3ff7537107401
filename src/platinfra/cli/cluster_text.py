"""What becomes of a stack in a cluster, as text and as data."""

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from platinfra.cli import render

if TYPE_CHECKING:
    from platinfra.app.kubernetes.plan import ClusterPlan
    from platinfra.targets.kubernetes.bundle import Step

_SIGNS = {"create": "+", "update": "~", "repair": "~", "change": "~", "remove": "-", "unchanged": " "}
_SHOWN = 6
"""Fields of one object that are named before the rest is counted."""


def print_cluster(plan: "ClusterPlan") -> None:
    """Print the steps, and what would change when the cluster was looked at."""
    if plan.changes is None:
        click.secho("\nSteps", bold=True)
        render.table(
            [[str(each.wave), each.component or "stack", _what(each)] for each in plan.bundle.steps],
            ["wave", "of", "what"],
        )
        click.echo(f"\nThe cluster was not looked at: {plan.offline}.", err=True)
        return
    click.secho("\nActions", bold=True)
    changed = [each for each in plan.changes if each.verb != "unchanged"]
    for each in changed:
        click.echo(f"{_SIGNS[each.verb]} {each.key}: {each.summary}")
    for difference in plan.differences:
        if difference.paths:
            rest = len(difference.paths) - _SHOWN
            more = f" and {rest} more" if rest > 0 else ""
            click.echo(f"  {_SIGNS[difference.change]} {difference.ref}: {', '.join(difference.paths[:_SHOWN])}{more}")
    same = len(plan.changes) - len(changed)
    click.echo(f"{len(changed)} to do, {same} unchanged" if changed else f"nothing to do: {same} unchanged")


def _what(step: "Step") -> str:
    """Return the release or the objects of a step in a line."""
    if step.release:
        release = step.release
        return f"release {release.name} ({release.chart} {release.version}) in {release.namespace}"
    counts = Counter(str(each["kind"]) for each in step.objects)
    return ", ".join(kind if number == 1 else f"{number} {kind}" for kind, number in counts.items()) or "nothing"


def cluster_data(plan: "ClusterPlan") -> dict[str, Any]:
    """Return the same as plain data."""
    steps = [
        {
            "key": each.key,
            "component": each.component,
            "wave": each.wave,
            "after": list(each.after),
            "what": _what(each),
        }
        for each in plan.bundle.steps
    ]
    return {
        "steps": steps,
        "cluster_changes": plan.changes,
        "differences": [
            {"object": str(each.ref), "change": each.change, "paths": list(each.paths)} for each in plan.differences
        ],
        "offline": plan.offline,
    }
