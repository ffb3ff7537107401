"""The kinds that a cluster knows, and at which paths their objects are."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any
from urllib.parse import quote

from platinfra.drivers.kubernetes_connection import JSON, Connection, Refused
from platinfra.model.cluster import ObjectRef

_AGGREGATED = f"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,{JSON}"
"""One answer with everything, from Kubernetes 1.30."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind in one version."""

    api_version: str
    name: str
    plural: str
    namespaced: bool

    @property
    def group(self) -> str:
        """Return the group; empty for the core."""
        return self.api_version.rpartition("/")[0]

    def path(self, namespace: str | None = None, name: str = "") -> str:
        """Return where objects are: all of them, those of a namespace, or one."""
        root = f"/apis/{self.api_version}" if self.group else f"/api/{self.api_version}"
        place = ["namespaces", _segment(namespace)] if self.namespaced and namespace else []
        return "/".join([root, *place, self.plural, *([_segment(name)] if name else [])])

    def path_of(self, ref: ObjectRef) -> str:
        """Return where an object is."""
        return self.path(ref.namespace or "default", ref.name)


class Kinds:
    """What discovery tells, read once and again when something is missing."""

    def __init__(self, connection: Connection) -> None:
        """Remember whom to ask."""
        self._connection = connection
        self._found: list[Kind] = []
        self._asking = Lock()

    def all(self) -> list[Kind]:
        """Return all kinds, those of preferred versions first, as the cluster knows them now."""
        self._found = [kind for root in ("/api", "/apis") for kind in self._discover(root)]
        return self._found

    def find(self, ref: ObjectRef) -> Kind | None:
        """Return the kind of an object; None when the cluster does not know it."""
        return self._first(lambda each: (each.api_version, each.name) == (ref.api_version, ref.kind))

    def find_named(self, text: str) -> Kind | None:
        """Return a kind as kubectl names it: `deployments.apps`, or `Cluster.v1.postgresql.cnpg.io`."""
        first, _, rest = text.partition(".")
        version, _, group = rest.partition(".")

        def fits(each: Kind) -> bool:
            named = (each.plural, each.group) == (first, rest)
            return named or (each.name, each.api_version) == (first, f"{group}/{version}".lstrip("/"))

        return self._first(fits)

    def _first(self, fits: Callable[[Kind], bool]) -> Kind | None:
        known = self._found
        return next(filter(fits, known), None) or next(filter(fits, self._newer_than(known)), None)

    def _newer_than(self, known: list[Kind]) -> list[Kind]:
        """Return the kinds as the cluster told them after `known`; of several threads that miss one, one asks."""
        with self._asking:
            return self._found if self._found is not known else self.all()

    def _discover(self, root: str) -> Iterator[Kind]:
        found = self._connection.ask("GET", root, accept=_AGGREGATED)
        if found.get("kind") == "APIGroupDiscoveryList":
            yield from _of_aggregate(found)
            return
        versions = found.get("versions", ()) if root == "/api" else _versions(found)
        for version in versions:
            try:
                listed = self._connection.ask("GET", f"{root}/{version}")
            except Refused as error:
                if error.status in (404, 503):  # an API service whose server is away must not hide the others
                    continue
                raise
            for each in listed.get("resources", ()):
                if "/" not in each["name"]:
                    yield Kind(version, each["kind"], each["name"], each["namespaced"])


def _of_aggregate(found: Mapping[str, Any]) -> Iterator[Kind]:
    for group in found.get("items", ()):
        name = group["metadata"].get("name") or ""
        for version in group["versions"]:
            api_version = f"{name}/{version['version']}" if name else version["version"]
            for each in version.get("resources", ()):
                if kind := each.get("responseKind", {}).get("kind"):
                    yield Kind(api_version, kind, each["resource"], each["scope"] == "Namespaced")


def _versions(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the versions of all groups, preferred ones first."""
    for group in found.get("groups", ()):
        preferred = group.get("preferredVersion", {}).get("groupVersion")
        names = [each["groupVersion"] for each in group["versions"]]
        yield from sorted(names, key=lambda each: each != preferred)


def _segment(text: str) -> str:
    """Return a part of a path; names of roles have colons."""
    return quote(text, safe=":")
