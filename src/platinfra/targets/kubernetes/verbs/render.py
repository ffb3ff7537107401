"""Write down what goes into a cluster, as files."""

from platinfra.diagnostics import Diagnostic, PlatinfraError, refuse
from platinfra.drivers import helm
from platinfra.resolve.resolve import Resolved
from platinfra.targets.answers import Artifacts, Format
from platinfra.targets.kubernetes.bundle import Bundle
from platinfra.targets.kubernetes.image_digests import find_unpinned
from platinfra.targets.kubernetes.plan import Rendered, release_of
from platinfra.targets.kubernetes.render import folder
from platinfra.targets.kubernetes.verbs.session import judge

_OFFLINE = frozenset({"chart-unreachable", "helm-missing", "helm-too-old"})
"""What keeps charts from being looked at and is no mistake in the file."""


def artifacts(stack: Resolved, made: Bundle, kind: Format) -> Artifacts:
    """
    Return the files of a stack in a cluster; raise PlatinfraError for all that `plan` refuses.

    Where charts cannot be had here, only plain manifests need them: all else is written with a warning.
    """
    charts: Rendered = {}
    warnings: list[Diagnostic] = []
    try:
        charts = _charts(stack, made)
    except PlatinfraError as error:
        if kind == "manifests" or not {each.code for each in error.diagnostics} <= _OFFLINE:
            raise
        message = f"the charts were not checked: {error.diagnostics[0].message}"
        hint = "`platinfra plan` checks them where they can be fetched"
        warnings.append(Diagnostic("charts-not-checked", message, hint=hint, severity="warning"))
    written = {name: text.encode() for name, text in folder(made, kind, charts).items()}
    objects = [*made.objects, *(each for found in charts.values() for each in found)]
    warnings += () if made.place.digests is None else find_unpinned(objects, made.place.digests)
    return Artifacts(f"{made.place.namespace}-kubernetes", written, tuple(warnings))


def _charts(stack: Resolved, made: Bundle) -> Rendered:
    """Return what the charts become; raise PlatinfraError at the first that cannot be fetched, or with all that is wrong."""
    charts = helm.find()
    for each in made.releases:
        charts.fetch(release_of(each).chart)
    objects, wrong = judge(stack, made, charts, made.place.version)
    refuse(wrong)
    return objects
