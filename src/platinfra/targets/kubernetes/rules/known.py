"""What exists in the cluster besides the objects that are checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ANY = frozenset({"*"})
"""Nothing is known about these, so nothing that refers to one is judged."""
NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """
    Names of what exists besides; `*` stands for everything of a sort, `ns/*` for everything of a namespace.

    Names inside a namespace are written `ns/name`. `kinds` are custom kinds, or built-in ones that the cluster turned on, written
    `group/version/Kind`. `pods` stops the judgement of selectors. `others` are whole objects that are looked up and not checked.
    """

    version: str = "1.34"
    secrets: frozenset[str] = NONE
    config_maps: frozenset[str] = NONE
    service_accounts: frozenset[str] = NONE
    volume_claims: frozenset[str] = NONE
    services: frozenset[str] = NONE
    pods: frozenset[str] = NONE
    roles: frozenset[str] = NONE
    gateways: frozenset[str] = NONE
    scale_targets: frozenset[str] = NONE
    storage_classes: frozenset[str] = NONE
    priority_classes: frozenset[str] = NONE
    runtime_classes: frozenset[str] = NONE
    cluster_roles: frozenset[str] = NONE
    namespaces: frozenset[str] = NONE
    kinds: frozenset[str] = NONE
    others: tuple[Mapping[str, Any], ...] = ()


def holds(names: frozenset[str], namespace: str, name: str) -> bool:
    """Tell whether a set of names covers one; the namespace of a cluster's own object is empty."""
    full = f"{namespace}/{name}" if namespace else name
    return not names.isdisjoint({"*", f"{namespace}/*", full})
