"""Build the images of tools that have no maintained one, and push them; keep the digests of all."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from platinfra.app.kubernetes.place import is_in_cluster
from platinfra.app.workspace import Workspace, at
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.resolve.resolve import Resolved

if TYPE_CHECKING:
    from platinfra.targets.kubernetes.bundle import Bundle
    from platinfra.targets.kubernetes.image_names import ImageName
    from platinfra.targets.kubernetes.images import Image
    from platinfra.targets.kubernetes.plan import Rendered

    Named = dict[ImageName, set[str]]


@dataclass(frozen=True, slots=True)
class ImageStatus:
    """One image of a stack and what became of it."""

    tool: str
    name: str
    state: str
    """`needed`, `here`, `built` or `pushed`; after `lock` `locked` or `left out`."""
    digest: str = ""


def images(file: Path | None, environment: str | None, without: tuple[str, ...] = ()) -> list[ImageStatus]:
    """Return the images that a stack needs and nobody else makes; no container engine is asked."""
    return [ImageStatus(each.tool, each.name, "needed") for each in _images(file, environment, without)]


def build(
    file: Path | None,
    environment: str | None,
    report: Callable[[str], None],
    *,
    base: str | None = None,
    push: bool = False,
) -> list[ImageStatus]:
    """Build the images that are not here yet, and push them if asked; raise ActionError when one fails."""
    from platinfra.drivers.containers import Containers
    from platinfra.targets.kubernetes.values import LOCAL_REGISTRY

    found = _images(file, environment, ())
    if push and any(each.name.startswith(f"{LOCAL_REGISTRY}/") for each in found):
        hint = "name one: `deployment: {registry: registry.example.org/ml}`"
        raise PlatinfraError(Diagnostic("no-registry", "the stack names no registry to push images to", hint=hint))
    engine = Containers()
    done = []
    for each in found:
        state = "here"
        if not engine.has(each.name):
            report(f"building {each.name}")
            engine.build(each.name, each.context, base)
            state = "built"
        if push:
            report(f"pushing {each.name}")
            engine.push(each.name)
            state = "pushed"
        done.append(ImageStatus(each.tool, each.name, state))
    return done


def lock(file: Path | None, environment: str | None, report: Callable[[str], None]) -> list[ImageStatus]:
    """
    Ask registries for the digest of every image, and write them beside the stack file; raise PlatinfraError with every problem.

    Without a chosen environment all of the file's are looked at, and what none of them names goes.
    """
    from platinfra.drivers.files import reported
    from platinfra.targets.kubernetes.image_digests import FILE, written
    from platinfra.targets.kubernetes.images import images as images_of

    workspace = at(file, environment)
    bundles = _bundles(workspace, everywhere=environment is None)
    named, complete = _named(bundles, report)
    built = {each.name for one in bundles for each in images_of(one.values)}
    found = list(_locked(named, built, report))
    kept = {} if complete and environment is None else workspace.digests() or {}
    digests = {**kept, **{each.name: each.digest for each in found if each.digest}}
    path = workspace.folder / FILE
    with reported(path):
        path.write_text(written(digests), encoding="utf-8")
    return found


def _bundles(workspace: Workspace, *, everywhere: bool) -> "list[Bundle]":
    """Return what the stack is in its clusters, without the digests that are known; raise PlatinfraError when it is in none."""
    from platinfra.app.kubernetes.stack import bundle_of

    catalog = workspace.catalog()
    first = workspace.resolve(catalog)
    others = [replace(workspace, environment=each) for each in first.file.environments] if everywhere else []
    resolved = [first, *(each.resolve(catalog) for each in others)]
    found = [bundle_of(replace(each, digests=None), catalog) for each in resolved if is_in_cluster(each)]
    if not found:
        raise PlatinfraError(_needs_none(first))
    return found


def _named(bundles: "list[Bundle]", report: Callable[[str], None]) -> "tuple[Named, bool]":
    """Return who names each image, and whether all charts could be asked too."""
    from platinfra.app.kubernetes.session import rendered
    from platinfra.drivers import helm
    from platinfra.targets.kubernetes.image_digests import images_in

    named: Named = {}
    complete = True
    for each in bundles:
        charts: Rendered = {}
        try:
            charts = rendered(each, helm.find(), each.place.version, frozenset()) if each.releases else {}
        except PlatinfraError as error:
            report(f"without the images of charts: {error.diagnostics[0].message}")
            complete = False
        for step in each.steps:
            for name in images_in([*step.objects, *charts.get(step.key, ())]):
                named.setdefault(name, set()).add(step.component)
    return named, complete


def _locked(named: "Named", built: set[str], report: Callable[[str], None]) -> "Iterator[ImageStatus]":
    """Yield each image with its digest; raise PlatinfraError with all that have none and should."""
    from platinfra.drivers.registry import Registries
    from platinfra.targets.kubernetes.values import LOCAL_REGISTRY

    registries, problems, silent = Registries(), list[Diagnostic](), {LOCAL_REGISTRY}
    for name in sorted((each for each in named if not each.digest), key=str):
        digest = ""
        if name.registry not in silent:
            report(f"asking {name.registry} for {name.repository}:{name.tag}")
            try:
                digest = registries.digest(name.registry, name.host, name.repository, name.tag)
            except PlatinfraError as error:
                (problem,) = error.diagnostics
                silent |= {name.registry} if problem.code == "registry-unreachable" else set()
                problems += () if str(name) in built and problem.code == "image-not-found" else (problem,)
        who = ", ".join(sorted(named[name]))
        yield ImageStatus(who, str(name), "locked" if digest else "left out", digest)
    if problems:
        raise PlatinfraError(*problems)


def _needs_none(resolved: Resolved) -> Diagnostic:
    message = f"a stack on `{resolved.graph.target}` needs no images"
    return Diagnostic("target-not-available", message, hint="images are for stacks on Kubernetes")


def _images(file: Path | None, environment: str | None, without: tuple[str, ...]) -> "list[Image]":
    from platinfra.app.kubernetes.stack import bundle_of
    from platinfra.targets.kubernetes.images import images as images_of

    workspace = at(file, environment)
    catalog = workspace.catalog()
    resolved = workspace.resolve(catalog, without)
    if not is_in_cluster(resolved):
        raise PlatinfraError(_needs_none(resolved))
    return images_of(bundle_of(resolved, catalog).values)
