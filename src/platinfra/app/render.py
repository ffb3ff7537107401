"""Write the target's artifacts as a folder that can be reviewed, committed and moved."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platinfra.app.folder import IN_CLUSTER, write_own_folder
from platinfra.app.workspace import Workspace, at
from platinfra.catalog.catalog import Catalog
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.resolve.resolve import Resolved

if TYPE_CHECKING:
    from platinfra.targets.kubernetes.bundle import Bundle
    from platinfra.targets.kubernetes.plan import Rendered
    from platinfra.targets.kubernetes.render import Format


Told = Mapping[str, Any]
"""Terraform's outputs by name."""
Made = tuple[str, dict[str, bytes], tuple[Diagnostic, ...]]
"""Name of the folder, its files, and warnings."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """What was written where."""

    folder: Path
    files: tuple[str, ...]
    changed: tuple[str, ...]
    warnings: tuple[Diagnostic, ...]


def render(
    file: Path | None,
    environment: str | None,
    out: Path | None,
    without: tuple[str, ...] = (),
    *,
    state: bool = False,
    kind: "Format" = "helm",
    outputs: Path | None = None,
) -> Rendering:
    """
    Render a stack into `out`; raise PlatinfraError for a target without artifacts or a folder that is not its own.

    `outputs` is a file with what `terraform output -json` printed; without it, what only Terraform knows keeps its name.
    """
    workspace = at(file, environment)
    catalog = workspace.catalog()
    resolved = workspace.resolve(catalog, without)
    match resolved.graph.target:
        case "aws":
            told = _told(outputs) if outputs else None
            name, files, warnings = _for_aws(workspace, resolved, catalog, kind, without, told, state=state)
        case "kubernetes":
            name, files, warnings = _for_cluster(resolved, catalog, kind)
        case _:
            raise PlatinfraError(_without_artifacts())
    folder = out or workspace.folder / name
    changed = write_own_folder(folder, files)
    return Rendering(folder, tuple(files), tuple(changed), (*resolved.warnings, *warnings))


def _for_aws(
    workspace: Workspace,
    resolved: Resolved,
    catalog: Catalog,
    kind: "Format",
    without: tuple[str, ...],
    told: Told | None,
    *,
    state: bool,
) -> Made:
    from platinfra.app.aws import stack  # start-up time: other targets need none of it
    from platinfra.app.kubernetes.place import is_in_cluster

    cloud = stack.cloud_stack(workspace, without)
    _, files = cloud.rendered(state=state)
    warnings: tuple[Diagnostic, ...] = ()
    if is_in_cluster(resolved):
        _, applications, warnings = _for_cluster(resolved, catalog, kind, told)
        files = {**files, **{f"{IN_CLUSTER}/{name}": content for name, content in applications.items()}}
    return f"{cloud.place.prefix}-terraform", files, warnings


def _told(file: Path) -> Told:
    """Return Terraform's outputs; raise PlatinfraError for a file that holds something else."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        return {name: each["value"] for name, each in data.items()}
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        hint = "run `terraform output -json` in the Terraform folder, and keep what it prints"
        message = f"`{file}` does not hold what Terraform prints of its outputs"
        raise PlatinfraError(Diagnostic("not-outputs", message, hint=hint, details=(str(error),))) from None


def _for_cluster(resolved: Resolved, catalog: Catalog, kind: "Format", told: Told | None = None) -> Made:
    from platinfra.app.kubernetes import stack  # start-up time: other targets need none of it
    from platinfra.targets.kubernetes.render import folder

    made = stack.bundle_of(resolved, catalog, told=told)
    charts = _charts(made) if kind == "manifests" else {}
    files = folder(made, kind, charts)
    written = {name: text.encode() for name, text in files.items()}
    return f"{made.place.namespace}-kubernetes", written, _without_digest(made, charts)


def _without_digest(made: "Bundle", charts: "Rendered") -> tuple[Diagnostic, ...]:
    """Return warnings for images that are written without a digest, where others have theirs."""
    from platinfra.targets.kubernetes.image_digests import unpinned

    objects = [*made.objects, *(each for found in charts.values() for each in found)]
    return () if made.place.digests is None else tuple(unpinned(objects, made.place.digests))


def _charts(made: "Bundle") -> "Rendered":
    """Return what each step's chart becomes; raise PlatinfraError when a chart cannot be had."""
    from platinfra.app.kubernetes.session import rendered
    from platinfra.drivers import helm

    return rendered(made, helm.find(), made.place.version, frozenset())


def _without_artifacts() -> Diagnostic:
    hint = "`platinfra plan` shows what would be done; `platinfra up` does it"
    return Diagnostic("nothing-to-render", "a stack on this machine has no files to render", hint=hint)
