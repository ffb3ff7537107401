"""A bundle as a folder that can be reviewed, committed and moved: for Helm and kubectl, Argo CD or Flux."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.facts.table import beside
from platinfra.model.template import ABSENT, fill, plain
from platinfra.targets.kubernetes import install_script
from platinfra.targets.kubernetes.actions import namespace_of_operator
from platinfra.targets.kubernetes.bundle import NAMESPACE, Bundle, Release, Step
from platinfra.targets.kubernetes.image_digests import with_digests
from platinfra.targets.kubernetes.routes import given_secrets
from platinfra.targets.kubernetes.rules.text import to_yaml

Format = Literal["helm", "manifests", "argocd", "flux"]
Files = dict[str, str]
Object = dict[str, Any]
MARKER = "platinfra.json"
_FOLDER = Path(__file__).parent / "readmes"
_INSTALLED = frozenset({"pre-install", "post-install", "crd-install"})
"""Moments of Helm's at which something is made that an installation needs."""


@dataclass(frozen=True, slots=True)
class Vendored:
    """A chart that lies in the folder itself, because only this machine has it."""

    path: str
    """Below the folder."""
    files: Mapping[str, bytes]
    """Names below the folder to contents."""


@dataclass(frozen=True, slots=True)
class Material:
    """What the charts of a stack are, as far as a format needs it."""

    rendered: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """Key of a step to what its chart became."""
    definitions: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """Key of a step to the definitions that its chart brings beside that."""
    vendored: Mapping[str, Vendored] = field(default_factory=dict)
    """Name of a chart to where it lies."""


def open_objects(step: Step) -> list[Object]:
    """Return the objects of a step without its Secrets: those hold what must not be written down."""
    return [plain(each) for each in step.objects if each["kind"] != "Secret"]


def policies(bundle: Bundle) -> str:
    """Return the documents that enforce the permissions: network policies, service accounts and roles."""
    kinds = {"NetworkPolicy", "ServiceAccount", "Role", "RoleBinding"}
    return to_yaml([plain(each) for each in bundle.objects if each["kind"] in kinds])


def secret_keys(bundle: Bundle) -> dict[str, list[str]]:
    """Return the Secrets that the stack needs: name to keys."""
    made = {each["metadata"]["name"]: sorted(each["stringData"]) for each in bundle.objects if each["kind"] == "Secret"}
    return {**made, **{name: sorted(keys) for name, keys in given_secrets(bundle.values).items()}}


def folder(bundle: Bundle, kind: Format, material: Material | None = None) -> Files:
    """Return the texts of the folder; the files of vendored charts come beside them."""
    makers = {"helm": helm_folder, "manifests": manifests_folder, "argocd": argocd_folder, "flux": flux_folder}
    found = material or Material()
    files = makers[kind](bundle, found)
    files["README.md"] = (_FOLDER / f"{kind}.md").read_text(encoding="utf-8")
    others = [name for each in found.vendored.values() for name in each.files]
    files[MARKER] = _about(bundle, kind, sorted({*files, *others}))
    return files


def _about(bundle: Bundle, kind: Format, files: list[str]) -> str:
    """Return the file that says what the folder is, for people and for the next rendering."""
    about = {
        "stack": bundle.place.stack,
        "environment": bundle.place.environment,
        "namespace": bundle.place.namespace,
        "kubernetes": bundle.place.version,
        "format": kind,
        "releases": [
            {"name": each.name, "namespace": each.namespace, "chart": each.chart, "version": each.version}
            for each in bundle.releases
        ],
        "secrets": secret_keys(bundle),
        "files": files,
    }
    return json.dumps(about, indent=2) + "\n"


def helm_folder(bundle: Bundle, material: Material) -> Files:
    """Return a folder for `helm` and `kubectl`: one folder a step, in their order, and a script that applies them."""
    files: Files = {}
    commands: list[str] = []
    makes = not bundle.place.is_confined
    for number, step in enumerate(bundle.steps):
        name = f"{number:02d}-{_file_name(step.key)}"
        if step.release:
            files[f"{name}/values.yaml"] = to_yaml([plain(step.release.values)])
            vendored = material.vendored.get(step.release.chart)
            commands.append(_helm_command(step.release, f"{name}/values.yaml", vendored, makes=makes))
        elif found := open_objects(step):
            files[f"{name}/objects.yaml"] = to_yaml(found)
            commands += [install_script.apply_file(f"{name}/objects.yaml"), *_after(step, found, bundle)]
    files["install.sh"] = install_script.script(commands)
    return files


def manifests_folder(bundle: Bundle, material: Material) -> Files:
    """
    Return plain manifests, charts included.

    What else has to be there first has files of its own: the namespace of an operator, and the definitions of kinds.
    """
    files: Files = {}
    commands: list[str] = []
    for number, step in enumerate(bundle.steps):
        name = f"{number:02d}-{_file_name(step.key)}"
        for part, found in _parts(step, bundle, material):
            if found:
                files[f"{name}{part}.yaml"] = to_yaml(found)
                commands.append(install_script.apply_file(f"{name}{part}.yaml"))
                commands += [install_script.wait_for_kinds(found)] if part == ".kinds" else _after(step, found, bundle)
    files["install.sh"] = install_script.script(commands)
    return files


def _parts(step: Step, bundle: Bundle, material: Material) -> Iterator[tuple[str, list[Object]]]:
    """Yield the objects of a step in the order in which they are applied, with what the name of their file ends with."""
    if step.release is None:
        yield "", open_objects(step)
        return
    if step.release.shared:
        yield ".namespace", [namespace_of_operator(step.release.namespace)]
    objects = [with_digests(each, bundle.place.digests or {}) for each in material.rendered.get(step.key, ())]
    definitions = [each for each in objects if each["kind"] == "CustomResourceDefinition"]
    yield ".kinds", [*map(dict, material.definitions.get(step.key, ())), *definitions]
    rest = [each for each in objects if each["kind"] != "CustomResourceDefinition" and _moment(each) is not None]
    yield "", sorted(rest, key=lambda each: _moment(each) or (0, 0))


def _moment(each: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return when Helm makes an object, to compare; None for one that it does not make when it installs."""
    annotations = each["metadata"].get("annotations") or {}
    hooks = {name.strip() for name in str(annotations.get("helm.sh/hook", "")).split(",")} - {""}
    if hooks and not hooks & _INSTALLED:
        return None
    return -1 if hooks - {"post-install"} & _INSTALLED else int(bool(hooks)), int(
        annotations.get("helm.sh/hook-weight", 0)
    )


def _after(step: Step, objects: Sequence[Object], bundle: Bundle) -> list[str]:
    """Return the commands that come after the objects of a step were applied."""
    if step.key == NAMESPACE:
        return [*install_script.ask_for_secrets(bundle.place.namespace, list(secret_keys(bundle)))]
    return [*install_script.wait_for(objects)]


def argocd_folder(bundle: Bundle, material: Material) -> Files:
    """
    Return Applications and objects whose sync waves follow the order of the stack.

    Raises PlatinfraError for charts that only this machine has: an Application would have to name the repository that
    the folder is committed to, which nobody knows here.
    """
    for each in material.vendored:
        message = f"Argo CD cannot fetch the chart `{each}` from a folder of this machine"
        hint = "let `deployment: {charts: …}` name an oci:// or https:// repository, or choose another `--format`"
        raise PlatinfraError(Diagnostic("chart-unreachable", message, hint=hint))
    files: Files = {}
    for step in bundle.steps:
        wave = {"argocd.argoproj.io/sync-wave": str(step.wave)}
        found = [_fill("application", bundle, **_release_facts(step.release))] if step.release else open_objects(step)
        if found:
            annotated = (_annotate(each, {**wave, **_sync_options(each, bundle)}) for each in found)
            files[f"{_file_name(step.key)}.yaml"] = to_yaml([*annotated])
    return files


def _sync_options(each: Object, bundle: Bundle) -> Object:
    """Return the annotation of an object whose kind an earlier wave brings: Argo CD looks at all before the first."""
    brought = {kind for release in bundle.releases for kind in release.kinds}
    of_release = f"{each['apiVersion']}/{each['kind']}" in brought
    return {"argocd.argoproj.io/sync-options": "SkipDryRunOnMissingResource=true"} if of_release else {}


def flux_folder(bundle: Bundle, material: Material) -> Files:
    """Return HelmReleases and objects in a folder for each wave, and a Kustomization for each that waits for the one before."""
    files: Files = {}
    waves = sorted({each.wave for each in bundle.steps})
    for wave in waves:
        steps = [each for each in bundle.steps if each.wave == wave]
        found = [each for step in steps for each in _flux_objects(step, bundle, material)]
        files[f"waves/{wave:02d}/objects.yaml"] = to_yaml(found)
        files[f"{wave:02d}.yaml"] = to_yaml([_kustomization(bundle, wave, waves)])
    return files


def _helm_command(release: Release, values: str, vendored: Vendored | None, *, makes: bool) -> str:
    """Return the command that installs a release; with `makes`, its namespace too."""
    oci = release.repository.startswith("oci://")
    chart = f"{release.repository}/{release.chart}" if oci else f"{release.chart} --repo {release.repository}"
    source = f"./{vendored.path}" if vendored else f"{chart} --version {release.version}"
    return (
        f"helm upgrade --install {release.name} {source}"
        f" --namespace {release.namespace}{' --create-namespace' if makes else ''} --values {values} --wait --timeout 15m"
    )


def _fill(template: str, bundle: Bundle, **known: Any) -> Object:
    """Return one of the templates with what it mentions."""
    makes = not bundle.place.is_confined
    facts = {"namespace": bundle.place.namespace, "labels": bundle.place.labels(), "makes_namespace": makes, **known}
    filled: Object = fill(beside(__file__)[template], lambda reference: facts[reference.path[0]])
    return filled


def _release_facts(release: Release) -> Object:
    """Return what the templates of a release mention."""
    address = release.repository.removeprefix("oci://")
    return {
        "name": release.name,
        "target": release.namespace,
        "chart": release.chart,
        "version": release.version,
        "values": plain(release.values),
        "repository": release.repository,
        "address": address,
        "source": f"{release.name}-{_source_name(release.repository)}",
        "oci": "oci" if address != release.repository else ABSENT,
    }


def _flux_objects(step: Step, bundle: Bundle, material: Material) -> list[Object]:
    if step.release is None:
        return open_objects(step)
    facts = _release_facts(step.release)
    if vendored := material.vendored.get(step.release.chart):
        return [_fill("helm_release_of_git", bundle, **facts, path=f"./{vendored.path}")]
    return [_fill(name, bundle, **facts) for name in ("helm_repository", "helm_release")]


def _kustomization(bundle: Bundle, wave: int, waves: list[int]) -> Object:
    before = [{"name": f"{bundle.place.namespace}-{each:02d}"} for each in waves if each == wave - 1]
    return _fill("kustomization", bundle, wave=f"{wave:02d}", before=before or ABSENT)


def _annotate(each: Object, annotations: Mapping[str, str]) -> Object:
    meta = each["metadata"]
    return {**each, "metadata": {**meta, "annotations": {**meta.get("annotations", {}), **annotations}}}


def _source_name(repository: str) -> str:
    letters = (each if each.isalnum() else "-" for each in repository.partition("://")[2])
    return "".join(letters).strip("-")[:40].strip("-")


def _file_name(key: str) -> str:
    return key.replace(":", "-").replace("/", "-").replace(".", "-")
