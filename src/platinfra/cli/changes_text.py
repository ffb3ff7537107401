"""What becomes of a stack, as text: one form for every target."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

import click

from platinfra.cli import render
from platinfra.model.plan import Change
from platinfra.targets.answers import Part

_SIGNS = {"create": "+", "update": "~", "repair": "~", "replace": "±", "remove": "-"}
_WORDS = {"create": "create", "update": "change", "repair": "change", "replace": "replace", "remove": "destroy"}


def print_part(part: Part) -> None:
    """Print what would change, or what there is to be when the world was not looked at."""
    click.secho(f"\n{part.title}", bold=True)
    if part.changes is None:
        header = list(part.declared[0]) if part.declared else []
        render.table([[str(each) for each in row.values()] for row in part.declared], header)
        click.echo(f"\n{part.unseen}", err=True)
    elif part.summed:
        print_changes(part.changes)
        if not count_changes(part.changes):
            click.echo(part.nothing)
    else:
        _print_steps(part)
    for each in part.notes:
        click.echo(each)


def _print_steps(part: Part) -> None:
    changed = [each for each in part.changes or () if each.verb != "unchanged"]
    for each in changed:
        click.echo(f"{_SIGNS[each.verb]} {each.summary}")
        for path in each.paths:
            click.echo(f"  ~ {path}")
    same = len(part.changes or ()) - len(changed)
    click.echo(f"{len(changed)} to do, {same} unchanged" if changed else part.nothing)


def print_changes(changes: Sequence[Change]) -> None:
    """Print changes by component, with a line for each that is no creation; what loses data is marked in words."""
    ordered = sorted((each for each in changes if each.verb != "unchanged"), key=lambda each: each.component)
    for component, group in groupby(ordered, key=lambda each: each.component):
        own = list(group)
        click.echo(f"{component}: {count_changes(own)}")
        for each in own:
            if each.verb != "create":
                loses = click.style(f"  LOSES {each.loses}", fg="red", bold=True) if each.loses else ""
                click.echo(f"  {_SIGNS[each.verb]} {_WORDS[each.verb]} {each.summary}{loses}")
                for path in each.paths:
                    click.echo(f"      {path}")
    if ordered:
        click.echo(count_changes(ordered))


def count_changes(changes: Iterable[Change]) -> str:
    """Return how many things are created, changed, replaced and destroyed; nothing when none is."""
    counts = Counter(_WORDS[each.verb] for each in changes if each.verb != "unchanged")
    return ", ".join(f"{counts[word]} to {word}" for word in dict.fromkeys(_WORDS.values()) if counts[word])
