"""Secrets that people make themselves, such as the client of a sign-in: Secrets Manager may keep them before there is a cluster."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from platinfra.diagnostics import Diagnostic, join_names
from platinfra.drivers.secret_store import SecretStore
from platinfra.model.cluster import Cluster, ObjectRef
from platinfra.targets.aws.place import AwsPlace
from platinfra.targets.aws.verbs.stack import CloudStack
from platinfra.targets.kubernetes import access
from platinfra.targets.kubernetes.bundle import Bundle
from platinfra.targets.kubernetes.credentials import copied_secrets
from platinfra.targets.kubernetes.routes import given_secrets
from platinfra.targets.kubernetes.verbs.namespaces import is_ours


def find_missing(cloud: CloudStack) -> Iterator[Diagnostic]:
    """Yield the Secrets that a new cluster could not get: nobody can have made them there."""
    store = _store(cloud.place)
    for name, keys in _names_and_keys(cloud.bundle(digests=False)).items():
        path = _path(cloud.place, name)
        held = store.find(path)
        if lacking := sorted(keys - (held or {}).keys()):
            what = f"has no {join_names(lacking)}" if held else "does not exist"
            verb = "put-secret-value --secret-id" if held else "create-secret --name"
            text = json.dumps(dict.fromkeys(sorted(keys), "…"), ensure_ascii=False)
            hint = f"`aws secretsmanager {verb} {path} --region {cloud.place.region.name} --secret-string '{text}'`"
            yield Diagnostic("missing-secret", f"the secret `{path}` in Secrets Manager {what}", hint=hint)


def copy_secrets(place: AwsPlace, bundle: Bundle, cluster: Cluster) -> None:
    """Copy what Secrets Manager keeps for people into the stack's namespace, unless that is somebody else's."""
    store, namespace = _store(place), bundle.place.namespace
    held = {name: store.find(_path(place, name)) for name in _names_and_keys(bundle)}
    there = cluster.get(ObjectRef("v1", "Namespace", namespace))
    if not any(held.values()) or (there and not is_ours(there)):
        return
    if there is None:
        cluster.apply([access.namespace(bundle.values)])
    for name, content in held.items():
        found = cluster.get(ObjectRef("v1", "Secret", name, namespace)) or {}
        data = {key: base64.b64encode(str(value).encode()).decode() for key, value in (content or {}).items()}
        if data and found.get("data") != data:
            cluster.apply([_secret(name, namespace, data)], force=True)


def _names_and_keys(bundle: Bundle) -> dict[str, frozenset[str]]:
    return {**copied_secrets(bundle.values), **given_secrets(bundle.values)}


def _secret(name: str, namespace: str, data: dict[str, str]) -> dict[str, Any]:
    kind = "kubernetes.io/tls" if "tls.key" in data else "Opaque"
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": kind, "data": data}


def _store(place: AwsPlace) -> SecretStore:
    return SecretStore(place.prefix, place.region.name)


def _path(place: AwsPlace, name: str) -> str:
    return f"{place.prefix}/{name}"
