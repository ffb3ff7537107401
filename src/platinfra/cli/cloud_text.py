"""What becomes of a stack on AWS, as text and as data."""

import json
from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from platinfra.cli import render

if TYPE_CHECKING:
    from platinfra.app.aws.changes import CloudChange
    from platinfra.app.aws.plan import CloudPlan
    from platinfra.app.aws.up import CloudApplied
    from platinfra.model.drift import Drift

_WIDE = 60
_SIGNS = {"create": "+", "change": "~", "replace": "±", "destroy": "-"}


def print_cloud(plan: "CloudPlan") -> None:
    """Print what would change in the account, or what the stack declares when the account was not looked at."""
    if plan.changes is None:
        click.secho("\nTerraform modules", bold=True)
        render.table(list(_modules(plan)), ["component", "modules"])
        click.echo(f"\nThe account was not looked at: {plan.offline}.", err=True)
        return
    click.secho("\nChanges", bold=True)
    print_changes(plan.changes)


def _modules(plan: "CloudPlan") -> Iterable[list[str]]:
    """Return what is declared, a row for each component."""
    modules: dict[str, dict[str, None]] = {}
    for component, module in plan.modules:
        modules.setdefault(component, {})[module] = None
    return ([component, ", ".join(names)] for component, names in modules.items())


def print_changes(changes: "list[CloudChange]") -> None:
    """Print the changes by component; what loses data is marked in words."""
    if not changes:
        click.echo("nothing to do: the account is as the file says")
        return
    ordered = sorted(changes, key=lambda each: each.component)
    for component, group in groupby(ordered, key=lambda each: each.component):
        own = list(group)
        click.echo(f"{component}: {summed(own)}")
        for each in own:
            if each.risk != "create":
                click.echo(f"  {_SIGNS[each.risk]} {each.risk} {each.address}{_loses(each)}")
    click.echo(summed(changes))


def summed(changes: "Iterable[CloudChange]") -> str:
    """Return how many resources are created, changed, replaced and destroyed."""
    counts = Counter(str(each.risk) for each in changes)
    return ", ".join(f"{counts[risk]} to {risk}" for risk in _SIGNS if counts[risk])


def _loses(change: "CloudChange") -> str:
    return click.style(f"  LOSES {change.loses}", fg="red", bold=True) if change.loses else ""


def cloud_data(plan: "CloudPlan") -> dict[str, Any]:
    """Return the same as plain data."""
    return {"resources": plan.declared(), "cloud_changes": plan.changes, "offline": plan.offline}


def print_cloud_applied(applied: "CloudApplied") -> None:
    """Say what `up` did on AWS and, as precisely, what it did not."""
    place = applied.stack.place
    click.echo(summed(applied.changes) or "nothing to do: the account is as the file says", err=True)
    if place.kind == "kubernetes":
        click.echo(f"cluster          {place.cluster_name} in {place.region.name}")
    else:
        components = applied.stack.resolved.graph.components.values()
        waiting = [each.name for each in components if not each.is_service]
        click.echo(f"machine          {place.name('machine')} in {place.region.name}")
        text = (
            f"The machine installs the stack by itself, which takes some minutes the first time: {', '.join(waiting)}."
        )
        click.echo(f"\n{text}", err=True)
        click.echo("\nplatinfra plan · platinfra drift · platinfra permissions · platinfra down", err=True)


def print_drift(found: "list[Drift]") -> None:
    """Print what differs from what was applied, by component."""
    if not found:
        click.echo("nothing was changed by hand")
        return
    for each in sorted(found, key=lambda each: (each.component, each.address)):
        what = f"{each.attribute}: {_shown(each.before)} → {_shown(each.after)}" if each.attribute else _whole(each)
        click.echo(f"{each.component}  {each.address}  {what}")
    click.echo("`platinfra up` puts it back", err=True)


def _whole(drift: "Drift") -> str:
    return "is gone" if drift.before is not None else "was added"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDE else f"{text[:_WIDE]}…"
