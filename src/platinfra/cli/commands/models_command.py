"""`platinfra models`, with `promote` and `rollback`."""

from typing import TYPE_CHECKING

import click

from platinfra.cli import options, progress, render
from platinfra.cli.consent import Consent

if TYPE_CHECKING:
    from platinfra.app.models import Models, Wish
    from platinfra.model.registry import RegisteredModel, Release

_registry = click.option("--registry", metavar="COMPONENT", help="The registry, where the stack has several.")
_yes = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
_why = click.option("--why", default="", metavar="TEXT", help="The reason, for the audit log.")
_wait = click.option(
    "--wait",
    type=click.FloatRange(min=0, max=3600),
    default=120,
    show_default=True,
    help="Seconds in which servers have to answer with the new champion.",
)


@click.group("models", invoke_without_command=True)
@options.stack_folder
@_registry
@options.as_json
@click.pass_context
def command(context: click.Context, which: options.Which, registry: str | None, *, as_json: bool) -> None:
    """
    List the registered models of a running stack: versions, aliases, and which of them answer.

    \b
    Example:
      platinfra models
      platinfra models promote wine
      platinfra models promote wine@3 --why "better on last week's data"
      platinfra models rollback wine
    """
    context.obj = (which, registry)
    if context.invoked_subcommand is not None:
        return
    found = _models(context, options.Which(None, None), None).all()
    if as_json:
        render.data({"models": found})
    elif found:
        rows = [row for each in found for row in _rows(each)]
        render.table(rows, ["model", "version", "aliases", "served by", "registered (UTC)"])
    else:
        render.say_done("no model is registered yet")


@command.command("promote")
@click.argument("model", metavar="NAME[@VERSION]")
@options.stack_folder
@_registry
@_yes
@_why
@_wait
@click.pass_context
def promote_command(
    context: click.Context, model: str, which: options.Which, registry: str | None, *, yes: bool, why: str, wait: float
) -> None:
    """
    Let the alias `champion` name another version: the challenger, or VERSION. Asks first.

    Waits until the servers of the stack answer with it. The tag `platinfra.replaced` of the version keeps which one it replaced.

    \b
    Example:
      platinfra models promote wine
      platinfra models promote wine@3 --yes
    """
    name, _, version = model.rpartition("@")
    if not name or not version.isdecimal():
        name, version = model, ""
    models = _models(context, which, registry)
    with progress.choose_progress() as emit:
        release = models.promote(name, version or None, _wish(emit, why, wait, yes=yes))
    _print(release)


@command.command("rollback")
@click.argument("model", metavar="NAME")
@options.stack_folder
@_registry
@_yes
@_why
@_wait
@click.pass_context
def rollback_command(
    context: click.Context, model: str, which: options.Which, registry: str | None, *, yes: bool, why: str, wait: float
) -> None:
    """
    Let the alias `champion` name the version before again. Asks first.

    The tag `platinfra.replaced` of the present champion says which one that is; without it, the audit log does.

    \b
    Example:
      platinfra models rollback wine --why "it takes twice as long"
    """
    models = _models(context, which, registry)
    with progress.choose_progress() as emit:
        release = models.rollback(model, _wish(emit, why, wait, yes=yes))
    _print(release)


def _models(context: click.Context, which: options.Which, registry: str | None) -> "Models":
    from platinfra.app.models import Models

    outer, named = context.obj
    return Models(*options.inner(which, outer), registry or named)


def _wish(emit: progress.Emit, why: str, wait: float, *, yes: bool) -> "Wish":
    from platinfra.app.models import Wish

    return Wish(Consent(yes=yes).may_release, emit, why, wait)


def _rows(model: "RegisteredModel") -> list[list[str]]:
    rows = [
        [model.name, each.version, ", ".join(each.aliases), ", ".join(each.served_by), each.registered]
        for each in model.versions
    ] or [[model.name, "none", "", "", ""]]
    return [[render.plain(cell) for cell in row] for row in rows]


def _print(release: "Release") -> None:
    if release.is_none:
        render.say_done(f"nothing to do: version {release.after} of `{release.model}` is the champion already")
        return
    before = f", before it was version {release.before}" if release.before else ""
    source = f" ({release.source})" if release.source else ""
    served = f"; {' and '.join(release.served_by)} answers with it" if release.served_by else "; no server follows it"
    render.say_done(f"version {release.after} of `{release.model}` is the champion{before}{source}{served}")
