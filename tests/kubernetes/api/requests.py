"""Answer requests for objects: which kind, which object, and what is to be done with it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from . import protobuf
from .kinds import Kind
from .refusals import Refused
from .store import Store

APPLY = "application/apply-patch+yaml"
STEPS = "application/json-patch+json"
_MERGES = ("application/merge-patch+json", "application/strategic-merge-patch+json")
_REVIEW = "selfsubjectaccessreviews"


@dataclass(frozen=True)
class Place:
    """What the path of a request names."""

    kind: Kind
    namespace: str
    name: str
    part: str
    """A subresource, such as `log`."""


@dataclass(frozen=True)
class Request:
    """A request for objects."""

    verb: str
    place: Place
    query: dict[str, str]
    body: bytes = b""
    kind_of_body: str = ""
    agent: str = "unknown"

    @property
    def dry(self) -> bool:
        return "dryRun" in self.query

    @property
    def manager(self) -> str:
        return self.query.get("fieldManager") or self.agent.split("/")[0]

    def content(self) -> dict[str, Any]:
        """Return the body, whatever it is written in."""
        if self.body.startswith(protobuf.MAGIC):
            return protobuf.decode(self.body)
        found = yaml.safe_load(self.body) if self.kind_of_body == APPLY else json.loads(self.body or b"{}")
        if not isinstance(found, dict):
            raise Refused(400, "BadRequest", "the body is not an object")
        return found


@dataclass
class Access:
    """Who may do what: everybody everything, but for what was denied, or only what roles say."""

    denied: set[tuple[str, str]] = field(default_factory=set)
    """Verb and plural."""
    roles: Sequence[Mapping[str, Any]] | None = None
    """Roles and ClusterRoles that the user has, and nothing beside them."""

    def allows(self, verb: str, plural: str, group: str = "", namespace: str = "", name: str = "") -> bool:
        if {(verb, plural), ("*", plural), (verb, "*")} & self.denied:
            return False
        return self.roles is None or any(
            {verb, "*"} & {*rule["verbs"]}
            and {plural, "*"} & {*rule.get("resources", ())}
            and {group, "*"} & {*rule.get("apiGroups", ())}
            and (not rule.get("resourceNames") or name in rule["resourceNames"])
            for role in self.roles
            if role["metadata"].get("namespace", "") in ("", namespace)
            for rule in role["rules"]
        )

    def check(self, verb: str, plural: str, namespace: str, group: str = "", name: str = "") -> None:
        if not self.allows(verb, plural, group, namespace, name):
            message = f'{plural} is forbidden: User "tester" cannot {verb} resource "{plural}" in API group "{group}"'
            raise Refused(403, "Forbidden", f'{message} in the namespace "{namespace}"', kind=plural)


def place(path: str, kinds: list[Kind]) -> Place | None:
    """Return what a path names; None when it names nothing that is known."""
    parts = path.strip("/").split("/")
    size = 2 if parts[0] == "api" else 3
    version, rest = "/".join(parts[1:size]), parts[size:]
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces" and rest[2] not in ("status", "finalize"):
        namespace, rest = rest[1], rest[2:]
    found = [each for each in kinds if each.api_version == version and rest and each.plural == rest[0]]
    if not found:
        return None
    return Place(found[0], namespace, rest[1] if len(rest) > 1 else "", rest[2] if len(rest) > 2 else "")


def verb(method: str, place: Place, query: dict[str, str]) -> str:
    """Return the verb of a request, as access control has it."""
    if method == "GET":
        watching = query.get("watch") in ("true", "1")
        return "get" if place.name else "watch" if watching else "list"
    if method == "DELETE" and not place.name:
        return "deletecollection"
    return {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}[method]


def answer(request: Request, store: Store, access: Access) -> tuple[int, dict[str, Any]]:
    """Carry out a request that needs no stream; return the status and the body."""
    kind, namespace, name = request.place.kind, request.place.namespace, request.place.name
    if kind.plural == _REVIEW:
        return 201, _review(request.content(), access)
    part = f"/{request.place.part}" if request.place.part else ""
    # A namespace that is named counts as being inside itself: a Role there can give the right to see it.
    where = name if kind.plural == "namespaces" else namespace
    access.check(request.verb, kind.plural + part, where, kind.group, name)
    if request.verb == "get":
        return 200, store.get(kind, namespace, name)
    if request.verb == "list":
        return 200, _listed(request, store)
    if request.verb == "create":
        return 201, store.create(kind, request.content(), namespace, request.manager, dry=request.dry)
    if request.verb == "delete":
        return 200, store.delete(kind, namespace, name, dry=request.dry)
    return _delete_all(request, store) if request.verb == "deletecollection" else _written(request, store)


def _delete_all(request: Request, store: Store) -> tuple[int, dict[str, Any]]:
    kind, query = request.place.kind, request.query
    listed = _listed(request, store)
    for each in listed["items"]:
        store.delete(kind, each["metadata"].get("namespace", ""), each["metadata"]["name"], dry="dryRun" in query)
    return 200, listed


def _written(request: Request, store: Store) -> tuple[int, dict[str, Any]]:
    kind, namespace, name = request.place.kind, request.place.namespace, request.place.name
    if request.kind_of_body == STEPS:
        return 200, store.patch(kind, namespace, name, json.loads(request.body), request.manager)
    content = request.content()
    if request.place.part == "status":
        return 200, store.set_status(kind, namespace, name, content["status"])
    if request.verb == "update":
        return 200, store.replace(kind, namespace, name, content, request.manager, dry=request.dry)
    if request.kind_of_body in _MERGES:
        return 200, store.merge(kind, namespace, name, content, request.manager, dry=request.dry)
    if request.kind_of_body != APPLY:
        raise Refused(415, "UnsupportedMediaType", f"cannot patch with {request.kind_of_body}")
    force = request.query.get("force") == "true"
    found, new = store.apply(kind, namespace, name, content, request.manager, force=force, dry=request.dry)
    return 201 if new else 200, found


def _listed(request: Request, store: Store) -> dict[str, Any]:
    kind, query = request.place.kind, request.query
    with store.changed:
        number = str(store.number)
        found = store.list(
            kind, request.place.namespace, query.get("labelSelector", ""), query.get("fieldSelector", "")
        )
    metadata = {"resourceVersion": number}
    return {"kind": f"{kind.name}List", "apiVersion": kind.api_version, "metadata": metadata, "items": found}


def _review(content: dict[str, Any], access: Access) -> dict[str, Any]:
    asked = content["spec"].get("resourceAttributes", {})
    part = f"/{asked['subresource']}" if asked.get("subresource") else ""
    where = asked.get("group", ""), asked.get("namespace", ""), asked.get("name", "")
    allowed = access.allows(asked.get("verb", ""), asked.get("resource", "") + part, *where)
    return content | {"status": {"allowed": allowed, "denied": not allowed}}
