"""Build the images of tools that have no maintained one, and push them; keep the digests of all."""

from collections.abc import Callable, Iterator, Sequence

from platinfra.diagnostics import Diagnostic, PlatinfraError, refuse
from platinfra.drivers import helm
from platinfra.drivers.containers import Containers
from platinfra.drivers.files import translate_errors
from platinfra.drivers.registry import Registries
from platinfra.model.workspace import Workspace
from platinfra.targets.answers import ImageStatus
from platinfra.targets.kubernetes.bundle import Bundle, Rendered
from platinfra.targets.kubernetes.facts import LOCAL_REGISTRY
from platinfra.targets.kubernetes.image_digests import FILE, images_in, write_digests
from platinfra.targets.kubernetes.image_names import ImageName
from platinfra.targets.kubernetes.images import images as images_of
from platinfra.targets.kubernetes.verbs.session import render_charts
from platinfra.targets.kubernetes.verbs.stack import digests_of

Named = dict[ImageName, set[str]]


def images(bundle: Bundle) -> list[ImageStatus]:
    """Return the images that a stack needs and nobody else makes; no container engine is asked."""
    return [ImageStatus(each.tool, each.name, "needed") for each in images_of(bundle.values)]


def build(
    bundle: Bundle, report: Callable[[str], None], *, base: str | None = None, push: bool = False
) -> list[ImageStatus]:
    """Build the images that are not here yet, and push them if asked; raise ActionError when one fails."""
    found = images_of(bundle.values)
    if push and any(each.name.startswith(f"{LOCAL_REGISTRY}/") for each in found):
        hint = "name one: `deployment: {registry: registry.example.org/ml}`"
        raise PlatinfraError(Diagnostic("no-registry", "the stack has no registry to push images to", hint=hint))
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


def lock(
    workspace: Workspace, bundles: Sequence[Bundle], report: Callable[[str], None], *, everywhere: bool
) -> list[ImageStatus]:
    """
    Ask registries for the digest of every image, and write them beside the stack file; raise PlatinfraError with every problem.

    `bundles` know no digests. When they are those of all environments, what none of them names goes.
    """
    named, complete = _find_named(bundles, report)
    built = {each.name for one in bundles for each in images_of(one.values)}
    found = list(_lock_images(named, built, report))
    kept = {} if complete and everywhere else digests_of(workspace) or {}
    digests = {**kept, **{each.name: each.digest for each in found if each.digest}}
    path = workspace.folder / FILE
    with translate_errors(path):
        path.write_text(write_digests(digests), encoding="utf-8")
    return found


def _find_named(bundles: Sequence[Bundle], report: Callable[[str], None]) -> tuple[Named, bool]:
    """Return who names each image, and whether all charts could be asked too."""
    named: Named = {}
    complete = True
    for each in bundles:
        charts: Rendered = {}
        try:
            charts = render_charts(each, helm.find(), each.place.version, frozenset()) if each.releases else {}
        except PlatinfraError as error:
            report(f"skipped the images of charts: {error.diagnostics[0].message}")
            complete = False
        for step in each.steps:
            for name in images_in([*step.objects, *charts.get(step.key, ())]):
                named.setdefault(name, set()).add(step.component)
    return named, complete


def _lock_images(named: Named, built: set[str], report: Callable[[str], None]) -> Iterator[ImageStatus]:
    """Yield each image with its digest; raise PlatinfraError with all that have none and should."""
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
    refuse(problems)
