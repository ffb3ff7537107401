"""
Strict schemas: what an API server's own schema refuses, unknown fields included.

Built-in kinds come from kubernetes-validate, custom ones from definitions among the objects or from a folder of CRD schemas that lies
beside the checkout where people develop; without it, custom kinds are errors and tests that need them skip (`needs_crds`).
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from kubernetes_validate.utils import all_versions
from referencing import Registry, Resource

Object = Mapping[str, Any]
Kind = tuple[str, str, str]
"""Group, version and kind."""

VERSIONS = tuple(version.removesuffix(".0") for version in list(dict.fromkeys(all_versions()))[-3:])
"""The three newest Kubernetes versions there are schemas of."""
CRDS = Path(__file__).parents[2].parent / "shared" / "crds"
OWN_CRDS = Path(__file__).parent / "crds"
"""Of kinds that routes are made of: Gateway API 1.6.1 (standard channel), cert-manager 1.21.1; of what Argo CD and Flux read.
Without descriptions and status; Flux' are those of its controllers' repositories in July 2026."""
CRDS_ABSENT = "the folder ../shared/crds with schemas of custom resources is not beside this checkout"
needs_crds = pytest.mark.skipif(not CRDS.is_dir(), reason=CRDS_ABSENT)

_SCHEMAS = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
_METADATA = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


def strict(objects: Sequence[Object], version: str) -> list[str]:
    """Return what the schemas of a Kubernetes version (`1.37`) refuse: one text for each mistake, with its place."""
    found = []
    for each in objects:
        try:
            validator = _validator(kind_of(each), version, _definitions(objects))
        except LookupError as problem:
            found.append(f"{title(each)}: {problem.args[0]}")
            continue
        if validator is not None:
            data = each if kind_of(each) in _builtin(version) else without_nulls(each)
            found += [
                f"{title(each)}: {error.json_path}: {error.message[:300]}" for error in validator.iter_errors(data)
            ]
    return found


def unchecked(objects: Sequence[Object], version: str) -> set[str]:
    """Return the custom kinds (`group/version/Kind`) that no schema covers, so that `strict` let them pass."""
    definitions = _definitions(objects)
    kinds = {kind_of(each) for each in objects}
    custom = {kind for kind in kinds if kind[0] not in _builtin_groups(version) and CRDS.is_dir()}
    return {"/".join(kind) for kind in custom if _validator(kind, version, definitions) is None}


def kind_of(each: Object) -> Kind:
    group, _, version = str(each.get("apiVersion", "")).rpartition("/")
    return group, version, str(each.get("kind", ""))


def title(each: Object) -> str:
    metadata = each.get("metadata") or {}
    return f"{each.get('kind')} {metadata.get('namespace', '')}/{metadata.get('name')}"


def without_nulls(value: Any) -> Any:
    """Return a value without the null entries of its mappings, which an API server drops before it looks."""
    if isinstance(value, Mapping):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def _validator(kind: Kind, version: str, definitions: Mapping[Kind, str]) -> Validator | None:
    """Return what checks a kind, None for a custom one without a schema; raise LookupError for a kind that does not exist."""
    name = "/".join(filter(None, kind))
    if kind[0] in _builtin_groups(version):
        if kind not in _builtin(version):
            raise LookupError(f"Kubernetes {version} has no {name}")
        return _compiled(version, json.dumps({"$ref": f"{_address(version)}#/$defs/{_builtin(version)[kind]}"}))
    if kind in definitions:
        return _compiled(version, definitions[kind])
    own = OWN_CRDS / f"{kind[2].lower()}_{kind[0]}_{kind[1]}.json"
    if not CRDS.is_dir() and not own.is_file():
        raise LookupError(f"{name} is not checked: {CRDS_ABSENT}")
    file = own if own.is_file() else CRDS / own.name
    if not file.is_file():
        return None
    return _compiled(version, json.dumps(closed(json.loads(file.read_text(encoding="utf-8"))["schema"], version)))


@cache
def _compiled(version: str, schema: str) -> Validator:
    return Draft202012Validator(json.loads(schema), registry=_registry(version))


@cache
def _document(version: str) -> Any:
    folder = _SCHEMAS / f"v{version}.0-local-strict"
    return json.loads((folder / "_definitions.json").read_text(encoding="utf-8"))


def _address(version: str) -> str:
    return str(_document(version)["$id"])


@cache
def _registry(version: str) -> Registry:
    return Resource.from_contents(_document(version)) @ Registry()


@cache
def _builtin(version: str) -> dict[Kind, str]:
    return {
        (each["group"], each["version"], each["kind"]): name
        for name, schema in _document(version)["$defs"].items()
        if isinstance(schema, dict)
        for each in schema.get("x-kubernetes-group-version-kind", ())
        if "ObjectMeta" in json.dumps(schema.get("properties", {}).get("metadata", {}))
    }


@cache
def _builtin_groups(version: str) -> frozenset[str]:
    return frozenset(group for group, _, _ in _builtin(version)) | {"extensions"}


def _definitions(objects: Sequence[Object]) -> dict[Kind, str]:
    """Return the schemas of the CustomResourceDefinitions among the objects."""
    return {
        (each["spec"]["group"], version["name"], each["spec"]["names"]["kind"]): json.dumps(
            closed(version["schema"]["openAPIV3Schema"], VERSIONS[-1])
        )
        for each in objects
        if each.get("kind") == "CustomResourceDefinition"
        for version in each["spec"]["versions"]
    }


def closed(schema: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return the schema of a custom resource as JSON Schema that knows the fields every object has."""
    root = _closed(schema)
    # The metadata of an object is the server's business, whatever the definition says.
    metadata = {"$ref": f"{_address(version)}#/$defs/{_METADATA}"}
    fields = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": metadata}
    return {**root, "properties": {**root.get("properties", {}), **fields}}


def _closed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Close objects that list properties; `anyOf` and its like only add conditions, so they stay as they are."""
    found = dict(schema)
    for key in ("properties", "items", "additionalProperties"):
        if isinstance(found.get(key), Mapping):
            inner = found[key]
            found[key] = (
                {name: _closed(each) for name, each in inner.items()} if key == "properties" else _closed(inner)
            )
    opened = found.get("x-kubernetes-preserve-unknown-fields") or found.get("x-kubernetes-embedded-resource")
    if "properties" in found and "additionalProperties" not in found and not opened:
        found["additionalProperties"] = False
    if "(?i)" in found.get("pattern", ""):
        # Go lets a flag begin anywhere, Python at the start only.
        found["pattern"] = "(?i)" + found["pattern"].replace("(?i)", "")
    if found.get("x-kubernetes-int-or-string"):
        found["type"] = ["integer", "string"]
    if found.get("nullable") and "type" in found:
        types = found["type"] if isinstance(found["type"], list) else [found["type"]]
        found["type"] = [*types, "null"]
        found |= {"enum": [*found["enum"], None]} if "enum" in found else {}
    return found
