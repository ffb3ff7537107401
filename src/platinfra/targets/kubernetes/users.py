"""Roles of people in a stack's namespace: what each may do through the Kubernetes API, and why."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from platinfra.diagnostics import Diagnostic, refuse
from platinfra.facts.table import beside
from platinfra.targets.kubernetes.access import RBAC, bound_role
from platinfra.targets.kubernetes.place import ClusterPlace, metadata
from platinfra.targets.kubernetes.rules.api import CLUSTER_WIDE, SINCE

Object = dict[str, Any]
_TABLE: Mapping[str, Any] = beside(__file__)
WORK = frozenset(_TABLE["work"])
"""Custom kinds that people hand their work in by."""
_READ = ("get", "list", "watch")
_CHANGE = ("create", "update", "patch", "delete")
_BUILT_IN = frozenset(kind.rpartition("/")[0].rpartition("/")[0] for kind in SINCE)


@dataclass(frozen=True, slots=True)
class Right:
    """Verbs on resources of one API group in the stack's namespace, and what for."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    reason: str


def _rights_of(*names: str) -> Iterator[Right]:
    """Yield rights by their names in the table."""
    for each in map(_TABLE["rights"].get, names):
        yield Right(each["group"], tuple(each["resources"]), tuple(each["verbs"]), each["reason"])


def people(place: ClusterPlace) -> dict[str, list[str]]:
    """Return each role that somebody has in the cluster, with their names; on AWS people come by its access entries."""
    found: dict[str, set[str]] = {}
    for each in place.users if place.cloud is None else ():
        found.setdefault(each.role, set()).add(each.name)
    return {role: sorted(names) for role, names in sorted(found.items())}


def rights(role: str, kinds: frozenset[str]) -> list[Right]:
    """Return what people of a role may do; `kinds` are the custom ones of the stack (`ray.io/v1/RayJob`)."""
    custom = _custom(kinds)
    found = [
        *_rights(_TABLE["changeable"], _READ, "Shows the objects of the stack."),
        *_rights(_TABLE["shown"], _READ, "Shows its health."),
        *_rights(custom, _READ, "Shows the custom resources of its tools."),
    ]
    match role:
        case "admin":
            changing = (*_CHANGE, "deletecollection")
            found += _rights(_TABLE["changeable"], changing, "Admins change all objects of the stack.")
            found += _rights(custom, changing, "Admins change the custom resources of its tools.")
            found += _rights_of("secrets", "logs", "ports", "scale", "shell")
        case "ml_engineer":
            found += _rights_of("logs", "ports", "scale", "jobs")
            work = _custom(frozenset(each for each in kinds if _key(each) in WORK))
            found += _rights(work, _CHANGE, "Work is submitted as these kinds.")
        case "data_scientist":
            found += _rights_of("logs", "ports")
    return found


def objects(place: ClusterPlace, kinds: frozenset[str]) -> Iterator[Object]:
    """Yield a role for each role of the file's users, and who has it; raise PlatinfraError for names of the cluster's own."""
    _refuse_reserved(place)
    for role, names in people(place).items():
        meta = metadata(name_of(role), place)
        rules = [
            {"apiGroups": [each.group], "resources": list(each.resources), "verbs": list(each.verbs)}
            for each in rights(role, kinds)
        ]
        yield from bound_role(meta, rules, [{"apiGroup": RBAC, "kind": "User", "name": each} for each in names])


def name_of(role: str) -> str:
    """Return what the objects of a role are called: no component has a colon in its name."""
    return f"users:{role}"


def _refuse_reserved(place: ClusterPlace) -> None:
    """`system:anonymous` is everybody, and `system:serviceaccount:…` a program."""
    found = [each.name for names in people(place).values() for each in place.users if each.name in names]
    wrong = (each for each in dict.fromkeys(found) if not each.strip() or each.startswith("system:"))
    hint = "write the name that the cluster's identity provider uses for a person"
    refuse(Diagnostic("user-reserved", f"`{each}` is not a person's name", hint=hint) for each in wrong)


def _rights(resources: Mapping[str, Iterable[str]], verbs: tuple[str, ...], reason: str) -> Iterator[Right]:
    return (Right(group, tuple(found), verbs, reason) for group, found in resources.items())


def _custom(kinds: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """Return the resources of the custom kinds that lie in namespaces, by group."""
    found: dict[str, set[str]] = {}
    for kind in kinds:
        group, _, name = _key(kind).rpartition("/")
        if group not in _BUILT_IN and _key(kind) not in CLUSTER_WIDE:
            found.setdefault(group, set()).add(plural(name))
    return {group: tuple(sorted(names)) for group, names in sorted(found.items())}


def _key(kind: str) -> str:
    """Return a kind without its version."""
    group, _, name = kind.rpartition("/")
    return f"{group.rpartition('/')[0]}/{name}"


def plural(kind: str) -> str:
    """Return the resource of a kind: what its definition calls it when it keeps to English."""
    name = kind.lower()
    if name.endswith("s"):
        return f"{name}es"
    if name.endswith("y") and name[-2] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}s"
