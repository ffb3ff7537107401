"""Write down what goes into a cluster, as files."""

from dataclasses import replace
from pathlib import Path

from platinfra.diagnostics import Diagnostic, PlatinfraError, refuse
from platinfra.drivers import helm, helm_charts
from platinfra.resolve.resolve import Resolved
from platinfra.targets.answers import Artifacts, Format
from platinfra.targets.kubernetes.bundle import Bundle, Release
from platinfra.targets.kubernetes.image_digests import find_unpinned
from platinfra.targets.kubernetes.plan import release_of
from platinfra.targets.kubernetes.render import Material, Vendored, folder
from platinfra.targets.kubernetes.verbs.session import judge

_OFFLINE = frozenset({"chart-unreachable", "helm-missing", "helm-too-old"})
"""What keeps charts from being looked at and is no mistake in the file."""


def artifacts(stack: Resolved, made: Bundle, kind: Format) -> Artifacts:
    """
    Return the files of a stack in a cluster; raise PlatinfraError for all that `plan` refuses.

    Where charts cannot be had here, only plain manifests need them: all else is written with a warning.
    """
    material, warnings = Material(), list[Diagnostic]()
    try:
        material = _material(stack, made)
    except PlatinfraError as error:
        if kind == "manifests" or not {each.code for each in error.diagnostics} <= _OFFLINE or _local(made):
            raise
        message = f"the charts were not checked: {error.diagnostics[0].message}"
        hint = "`platinfra plan` checks them where they can be fetched"
        warnings.append(Diagnostic("charts-not-checked", message, hint=hint, severity="warning"))
    if kind == "manifests":
        material = replace(material, vendored={})
    written = {name: text.encode() for name, text in folder(made, kind, material).items()}
    charts = {name: content for each in material.vendored.values() for name, content in each.files.items()}
    objects = [*made.objects, *(each for found in material.rendered.values() for each in found)]
    warnings += () if made.place.digests is None else find_unpinned(objects, made.place.digests)
    return Artifacts(f"{made.place.namespace}-kubernetes", {**written, **charts}, tuple(warnings))


def _material(stack: Resolved, made: Bundle) -> Material:
    """Return what the charts are; raise PlatinfraError at the first that cannot be fetched, or with all that is wrong."""
    charts = helm.find()
    paths = {step.key: charts.fetch(release_of(step.release).chart) for step in made.steps if step.release}
    objects, wrong = judge(stack, made, charts, made.place.version)
    refuse(wrong)
    definitions = {key: helm_charts.definitions(path) for key, path in paths.items()}
    local = {step.release.chart: paths[step.key] for step in made.steps if step.release and _is_local(step.release)}
    versions = {each.chart: each.version for each in made.releases}
    vendored = {name: _vendor(f"charts/{name}-{versions[name]}", path) for name, path in local.items()}
    return Material(objects, definitions, vendored)


def _local(made: Bundle) -> bool:
    return any(map(_is_local, made.releases))


def _is_local(release: Release) -> bool:
    """Tell whether a chart is nowhere but on this machine."""
    return release.repository.startswith("/")


def _vendor(name: str, path: Path) -> Vendored:
    """Return a chart of this machine as it lies in the folder: unpacked, so that it can be read and compared."""
    return Vendored(name, {f"{name}/{below}": content for below, content in helm_charts.files(path).items()})
