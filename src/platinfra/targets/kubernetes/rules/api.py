"""Which kinds an API server has, by Kubernetes version, and which of them lie outside namespaces."""

from collections.abc import Iterator, Mapping

from platinfra.facts.table import beside

_TABLE = beside(__file__)
VERSIONS: tuple[str, ...] = tuple(_TABLE["namespaced"])


def _kinds_of(table: Mapping[str, Mapping[str, list[str]]]) -> Iterator[tuple[str, str, str]]:
    """Yield API, kind, and the version that has it first."""
    return ((api, kind, version) for version, apis in table.items() for api, kinds in apis.items() for kind in kinds)


SINCE: Mapping[str, str] = {
    f"{api}/{kind}": version
    for scope in ("namespaced", "cluster_wide")
    for api, kind, version in _kinds_of(_TABLE[scope])
}
"""The stable kinds and the version that has them first. Alpha and beta ones are off unless a cluster turns them on."""
CLUSTER_WIDE = frozenset(_TABLE["custom_cluster_wide"]) | {
    "/".join([*api.split("/")[:-1], kind]) for api, kind, _ in _kinds_of(_TABLE["cluster_wide"])
}
"""Kinds outside namespaces, without their version, such as `Node` or `rbac.authorization.k8s.io/ClusterRole`."""


def served_kinds(version: str) -> frozenset[str]:
    """Return the built-in kinds (`apps/v1/Deployment`) of a Kubernetes version; a newer one has those of the newest known."""
    wanted = _order_of(version)
    return frozenset(kind for kind, since in SINCE.items() if _order_of(since) <= wanted)


def _order_of(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.removeprefix("v").split(".")[:2] if part.isdigit())
