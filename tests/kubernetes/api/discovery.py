"""What the server says of itself: versions, kinds, and the parameters that its operations take."""

from collections.abc import Iterable
from typing import Any

from .kinds import Kind

_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation", "force")
_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def version(number: str) -> dict[str, Any]:
    """Answer `/version`."""
    major, minor = number.split(".")[:2]
    return {"major": major, "minor": minor, "gitVersion": f"v{number}", "platform": "linux/amd64"}


def answer(path: str, accept: str, kinds: Iterable[Kind]) -> tuple[dict[str, Any], str] | None:
    """Return the document at a path of the discovery and its type; None for a path of objects."""
    plain, found = "application/json", list(kinds)
    core = path == "/api"
    if core or path == "/apis":
        mine = [each for each in found if bool(each.group) != core]
        if "as=APIGroupDiscoveryList" in accept and "v=v2;" in f"{accept};".replace(",", ";"):
            return _aggregated(mine), _AGGREGATED
        return ({"kind": "APIVersions", "versions": ["v1"]} if core else _groups(mine)), plain
    if path == "/openapi/v3":
        return _index(found), plain
    if path.startswith("/openapi/v3/"):
        return _openapi(path.removeprefix("/openapi/v3"), found), plain
    listed = [each for each in found if path == _prefix(each)]
    if not listed:
        return None
    resources = [each.discovered() for each in listed]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": listed[0].api_version,
        "resources": resources,
    }, plain


def _prefix(kind: Kind) -> str:
    return f"/apis/{kind.api_version}" if kind.group else "/api/v1"


def _versions(kinds: Iterable[Kind]) -> dict[str, list[str]]:
    """Return the versions of each group, the preferred one first."""
    found: dict[str, list[str]] = {}
    for each in kinds:
        if each.version not in found.setdefault(each.group, []):
            found[each.group].append(each.version)
    return found


def _groups(kinds: list[Kind]) -> dict[str, Any]:
    groups = []
    for group, versions in _versions(kinds).items():
        listed = [{"groupVersion": f"{group}/{each}", "version": each} for each in versions]
        groups.append({"name": group, "versions": listed, "preferredVersion": listed[0]})
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def _aggregated(kinds: list[Kind]) -> dict[str, Any]:
    items = []
    for group, versions in _versions(kinds).items():
        listed = []
        for each in versions:
            resources = [kind.aggregated() for kind in kinds if (kind.group, kind.version) == (group, each)]
            listed.append({"version": each, "resources": resources, "freshness": "Current"})
        items.append({"metadata": {"name": group or None}, "versions": listed})
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def _index(kinds: list[Kind]) -> dict[str, Any]:
    prefixes = {_prefix(each) for each in kinds}
    urls = {each.lstrip("/"): {"serverRelativeURL": f"/openapi/v3{each}?hash={len(kinds)}"} for each in prefixes}
    return {"paths": urls}


def _openapi(prefix: str, kinds: list[Kind]) -> dict[str, Any]:
    """Return what clients look for before they send a dry run: the parameters of the operations on each kind."""
    parameters = [{"name": each, "in": "query", "schema": {"type": "string"}} for each in _PARAMETERS]
    paths = {}
    for each in kinds:
        if _prefix(each) == prefix:
            place = "namespaces/{namespace}/" if each.namespaced else ""
            known = {"group": each.group, "version": each.version, "kind": each.name}
            operation = {"x-kubernetes-group-version-kind": known, "parameters": parameters, "responses": {}}
            paths[f"{prefix}/{place}{each.plural}/{{name}}"] = {"patch": operation, "put": operation}
    return {"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1"}, "paths": paths, "components": {}}
