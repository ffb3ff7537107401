"""A bundle as a folder that can be reviewed, committed and moved: for Helm and kubectl, Argo CD or Flux."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from platinfra.facts.table import beside
from platinfra.model.template import ABSENT, fill, plain
from platinfra.targets.kubernetes.bundle import NAMESPACE, Bundle, Release, Step
from platinfra.targets.kubernetes.image_digests import with_digests
from platinfra.targets.kubernetes.routes import given_secrets
from platinfra.targets.kubernetes.rules.text import to_yaml

Format = Literal["helm", "manifests", "argocd", "flux"]
Files = dict[str, str]
Object = dict[str, Any]
MARKER = "platinfra.json"
_FOLDER = Path(__file__).parent / "readmes"
SECRETS = "secrets.yaml"
_APPLY = "kubectl apply --server-side --field-manager=platinfra --filename"


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


def folder(bundle: Bundle, kind: Format, rendered: Mapping[str, Sequence[Mapping[str, Any]]] | None = None) -> Files:
    """Return the files of the folder; `rendered` is what each step's chart became, which plain manifests need."""
    makers = {"helm": helm_folder, "argocd": argocd_folder, "flux": flux_folder}
    files = manifests_folder(bundle, rendered or {}) if kind == "manifests" else makers[kind](bundle)
    files["README.md"] = (_FOLDER / f"{kind}.md").read_text(encoding="utf-8")
    files[MARKER] = _about(bundle, kind, sorted(files))
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


def helm_folder(bundle: Bundle) -> Files:
    """Return a folder for `helm` and `kubectl`: one folder a step, in their order, and a script that applies them."""
    files: Files = {}
    commands: dict[str, str] = {}
    for number, step in enumerate(bundle.steps):
        name = f"{number:02d}-{_file_name(step.key)}"
        if step.release:
            files[f"{name}/values.yaml"] = to_yaml([plain(step.release.values)])
            commands[step.key] = _helm_command(step.release, f"{name}/values.yaml")
        elif found := open_objects(step):
            files[f"{name}/objects.yaml"] = to_yaml(found)
            commands[step.key] = f"{_APPLY} {name}/objects.yaml"
    files["install.sh"] = _script(bundle, commands)
    return files


def manifests_folder(bundle: Bundle, rendered: Mapping[str, Sequence[Mapping[str, Any]]]) -> Files:
    """Return plain manifests, charts included: `rendered` is what each step's chart became."""
    files: Files = {}
    commands: dict[str, str] = {}
    for number, step in enumerate(bundle.steps):
        name = f"{number:02d}-{_file_name(step.key)}.yaml"
        charts = [with_digests(each, bundle.place.digests or {}) for each in rendered.get(step.key, ())]
        if found := charts or open_objects(step):
            files[name] = to_yaml(found)
            commands[step.key] = f"{_APPLY} {name}"
    files["install.sh"] = _script(bundle, commands)
    return files


def argocd_folder(bundle: Bundle) -> Files:
    """Return Applications and objects whose sync waves follow the order of the stack."""
    files: Files = {}
    for step in bundle.steps:
        wave = {"argocd.argoproj.io/sync-wave": str(step.wave)}
        found = [_fill("application", bundle, **_release_facts(step.release))] if step.release else open_objects(step)
        if found:
            files[f"{_file_name(step.key)}.yaml"] = to_yaml([_annotate(each, wave) for each in found])
    return files


def flux_folder(bundle: Bundle) -> Files:
    """Return HelmReleases and objects in a folder for each wave, and a Kustomization for each that waits for the one before."""
    files: Files = {}
    waves = sorted({each.wave for each in bundle.steps})
    for wave in waves:
        steps = [each for each in bundle.steps if each.wave == wave]
        found = [each for step in steps for each in _flux_objects(step, bundle)]
        files[f"waves/{wave:02d}/objects.yaml"] = to_yaml(found)
        files[f"{wave:02d}.yaml"] = to_yaml([_kustomization(bundle, wave, waves)])
    return files


def _script(bundle: Bundle, commands: Mapping[str, str]) -> str:
    """Return a script that applies the folder in its order; it stops where the Secrets are missing."""
    namespace = bundle.place.namespace
    lines = [
        "#!/bin/sh",
        "# Applies the stack in order; `platinfra up` does the same, waits, and rolls back what failed.",
        "set -eu",
        'cd "$(dirname "$0")"',
    ]
    for key, command in commands.items():
        lines.append(command)
        if key == NAMESPACE:
            lines.append(f"[ ! -f {SECRETS} ] || {_APPLY} {SECRETS}")
            lines += [f"kubectl get secret --namespace {namespace} {name} >/dev/null" for name in secret_keys(bundle)]
    return "\n".join(lines) + "\n"


def _helm_command(release: Release, values: str) -> str:
    oci = release.repository.startswith("oci://")
    chart = f"{release.repository}/{release.chart}" if oci else f"{release.chart} --repo {release.repository}"
    return (
        f"helm upgrade --install {release.name} {chart} --version {release.version}"
        f" --namespace {release.namespace} --create-namespace --values {values} --wait --timeout 15m"
    )


def _fill(template: str, bundle: Bundle, **known: Any) -> Object:
    """Return one of the templates with what it mentions."""
    facts = {"namespace": bundle.place.namespace, "labels": bundle.place.labels(), **known}
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


def _flux_objects(step: Step, bundle: Bundle) -> list[Object]:
    if step.release is None:
        return open_objects(step)
    facts = _release_facts(step.release)
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
