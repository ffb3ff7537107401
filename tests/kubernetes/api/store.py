"""The objects of the server, and what happens to them: creation, change, deletion with all that follows."""

import base64
import copy
import secrets
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from . import defaults, fields, schemas
from .kinds import Kind, built_in, defined
from .refusals import Refused, exists, invalid, not_found
from .selectors import matches

Family = tuple[str, str]
Key = tuple[str, str]
"""Namespace (empty for what has none) and name."""
_EVENTS = ("ADDED", "MODIFIED", "DELETED")
NAMESPACES = ("", "namespaces")
DEFINITIONS = ("apiextensions.k8s.io", "customresourcedefinitions")


@dataclass
class Stored:
    """One object, and who owns its fields."""

    kind: Kind
    content: dict[str, Any]
    owners: fields.Owners = field(default_factory=dict)

    @property
    def key(self) -> Key:
        return self.content["metadata"].get("namespace", ""), self.content["metadata"]["name"]


@dataclass(frozen=True)
class Happening:
    """What a watch tells."""

    number: int
    what: str
    family: Family
    content: dict[str, Any]


class Store:
    """All objects; every method may be called from any thread."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.changed = threading.Condition(threading.RLock())
        self.kinds = built_in()
        self.happenings: list[Happening] = []
        self.number = 1
        self.lag = 0.0
        """Seconds from a definition that is established until its kinds are served and found."""
        self.after: Callable[[Stored], None] = lambda _: None
        """Called with what was created or whose wish changed: the controllers."""
        self._objects: dict[Family, dict[Key, Stored]] = {}
        for name in ("default", "kube-system"):
            self.create(self.kind("v1", "Namespace"), {"metadata": {"name": name}}, "", "server")

    def kind(self, api_version: str, name: str) -> Kind:
        """Return a kind by its name."""
        found = (each for each in self.kinds if (each.api_version, each.name) == (api_version, name))
        return next(found)

    def find(self, kind: Kind, namespace: str, name: str) -> Stored | None:
        """Return an object, None when it is not there."""
        return self._objects.get(kind.family, {}).get((namespace if kind.namespaced else "", name))

    def get(self, kind: Kind, namespace: str, name: str) -> dict[str, Any]:
        """Return an object as clients see it."""
        with self.changed:
            found = self.find(kind, namespace, name)
            if found is None:
                raise not_found(kind.group, kind.plural, name)
            return shown(found, kind.api_version)

    def list(self, kind: Kind, namespace: str = "", labels: str = "", selected: str = "") -> list[dict[str, Any]]:
        """Return the objects of a kind; all namespaces when none is named."""
        with self.changed:
            found = [shown(each, kind.api_version) for each in self._objects.get(kind.family, {}).values()]
        return [
            each
            for each in found
            if (not namespace or each["metadata"].get("namespace") == namespace) and matches(each, labels, selected)
        ]

    def names(self) -> set[str]:
        """Return all objects but events by their kinds and names."""
        held = [(family, key) for family, objects in self._objects.items() for key in objects]
        return {f"{'.'.join(reversed(family))} {'/'.join(key)}" for family, key in held if family[-1] != "events"}

    def create(
        self, kind: Kind, content: dict[str, Any], namespace: str, manager: str, *, dry: bool = False
    ) -> dict[str, Any]:
        """Add an object."""
        with self.changed:
            new = self._new(kind, content, namespace)
            if self.find(kind, *new.key):
                raise exists(kind.group, kind.plural, new.key[1])
            fields.note_update({}, new.content, new.owners, manager)
            return self._keep(new, None, dry=dry)

    def replace(
        self, kind: Kind, namespace: str, name: str, content: dict[str, Any], manager: str, *, dry: bool = False
    ) -> dict[str, Any]:
        """Write an object anew."""
        with self.changed:
            old = self._found(kind, namespace, name)
            expected = content.get("metadata", {}).get("resourceVersion")
            if expected and expected != old.content["metadata"]["resourceVersion"]:
                raise Refused(409, "Conflict", f'the object "{name}" has been modified', name=name, kind=kind.plural)
            new = Stored(kind, copy.deepcopy(content), copy.deepcopy(old.owners))
            for each in ("uid", "creationTimestamp", "generation", "namespace", "deletionTimestamp"):
                if each in old.content["metadata"]:
                    new.content["metadata"][each] = old.content["metadata"][each]
            if "status" in old.content:
                new.content["status"] = old.content["status"]
            fields.note_update(old.content, new.content, new.owners, manager)
            return self._keep(new, old, dry=dry)

    def merge(
        self, kind: Kind, namespace: str, name: str, patch: dict[str, Any], manager: str, *, dry: bool = False
    ) -> dict[str, Any]:
        """Change an object by a merge patch, in which null removes."""
        with self.changed:
            old = self._found(kind, namespace, name)
            new = Stored(kind, _merged(old.content, patch), copy.deepcopy(old.owners))
            fields.note_update(old.content, new.content, new.owners, manager)
            return self._keep(new, old, dry=dry)

    def patch(
        self, kind: Kind, namespace: str, name: str, steps: Sequence[dict[str, Any]], manager: str
    ) -> dict[str, Any]:
        """Change an object by a JSON patch of replacements, as clients do that take over fields from themselves."""
        with self.changed:
            old = self._found(kind, namespace, name)
            new = Stored(kind, shown(old, kind.api_version))
            for step in steps:
                *way, last = step["path"].strip("/").split("/")
                place = new.content
                for each in way:
                    place = place[each]
                if step["op"] not in ("replace", "add") or not isinstance(place, dict):
                    raise Refused(422, "Invalid", f"the patch {step['op']} {step['path']} is not supported")
                place[last] = step["value"]
            new.owners = fields.read(new.content["metadata"].pop("managedFields"))
            new.content["metadata"]["resourceVersion"] = old.content["metadata"]["resourceVersion"]
            fields.note_update(old.content, new.content, new.owners, manager)
            return self._keep(new, old, dry=False)

    def apply(
        self, kind: Kind, namespace: str, name: str, wanted: dict[str, Any], manager: str, *, force: bool, dry: bool
    ) -> tuple[dict[str, Any], bool]:
        """Apply what a manager wants of an object; tell also whether it is new."""
        with self.changed:
            schemas.check_applied(kind, wanted, name)
            wanted = schemas.without_nulls(wanted)
            old = self.find(kind, namespace, name)
            if old is None:
                new = self._new(kind, wanted, namespace)
                new.owners[manager, "Apply"] = {path for path, _ in fields.leaves(wanted)}
            else:
                new = Stored(kind, copy.deepcopy(old.content), copy.deepcopy(old.owners))
                fields.apply(new.content, wanted, new.owners, manager, force=force)
            return self._keep(new, old, dry=dry), old is None

    def set_status(self, kind: Kind, namespace: str, name: str, status: dict[str, Any]) -> dict[str, Any]:
        """Write the status of an object, as controllers do."""
        with self.changed:
            old = self._found(kind, namespace, name)
            new = Stored(kind, {**copy.deepcopy(old.content), "status": copy.deepcopy(status)}, old.owners)
            return self._store(new, "MODIFIED")

    def delete(self, kind: Kind, namespace: str, name: str, *, dry: bool = False) -> dict[str, Any]:
        """Remove an object, or mark it while finalizers hold it."""
        with self.changed:
            found = self._found(kind, namespace, name)
            if dry:
                return shown(found, kind.api_version)
            metadata = found.content["metadata"]
            if "deletionTimestamp" not in metadata and (metadata.get("finalizers") or kind.family == NAMESPACES):
                metadata["deletionTimestamp"] = _now()
                if kind.family == NAMESPACES:
                    found.content["status"] = {"phase": "Terminating"}
                self._store(found, "MODIFIED")
            if kind.family == NAMESPACES:
                self._delete_all(self._inside(name))
            if not self._held(found):
                self._drop(found)
            return shown(found, kind.api_version)

    def _found(self, kind: Kind, namespace: str, name: str) -> Stored:
        found = self.find(kind, namespace, name)
        if found is None:
            raise not_found(kind.group, kind.plural, name)
        return found

    def _new(self, kind: Kind, content: dict[str, Any], namespace: str) -> Stored:
        new = schemas.without_nulls(copy.deepcopy(content)) | {"apiVersion": kind.api_version, "kind": kind.name}
        metadata = new.setdefault("metadata", {})
        if kind.namespaced:
            self._check_namespace(metadata, namespace)
            metadata["namespace"] = namespace
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = metadata["generateName"] + secrets.token_hex(3)[:5]
        metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": _now(), "generation": 1}
        return Stored(kind, new)

    def _check_namespace(self, metadata: dict[str, Any], namespace: str) -> None:
        if metadata.get("namespace", namespace) != namespace:
            message = "the namespace of the provided object does not match the namespace sent on the request"
            raise Refused(400, "BadRequest", message)
        place = self._objects.get(NAMESPACES, {}).get(("", namespace))
        if place is None:
            raise not_found("", "namespaces", namespace)
        if "deletionTimestamp" in place.content["metadata"]:
            message = f"unable to create new content in namespace {namespace} because it is being terminated"
            raise Refused(403, "Forbidden", message)

    def _keep(self, new: Stored, old: Stored | None, *, dry: bool) -> dict[str, Any]:
        """Check and store what was written; what is the same as before changes nothing."""
        _unify(new.content)
        schemas.check(new.kind, new.content, self.version)
        defaults.settle(new.kind, new.content)
        if new.kind.family == DEFINITIONS and new.content["metadata"]["name"].count(".") < 1:
            raise invalid(new.kind.name, new.key[1], "metadata.name: must be <plural>.<group>")
        wish_changed = old is None or _wish(old.content) != _wish(new.content)
        if old is not None and wish_changed:
            new.content["metadata"]["generation"] = old.content["metadata"]["generation"] + 1
        if dry or (old and old.content == new.content and old.owners == new.owners):
            new.content["metadata"]["resourceVersion"] = str(self.number)
            return shown(new, new.kind.api_version)
        answer = self._store(new, "MODIFIED" if old else "ADDED")
        self._follow_up(new, wish_changed=wish_changed)
        found = self.find(new.kind, *new.key)
        return shown(found, new.kind.api_version) if found else answer

    def _follow_up(self, new: Stored, *, wish_changed: bool) -> None:
        """Do what controllers of a real cluster do at once."""
        if new.kind.family == DEFINITIONS:
            self._define(new)
        if new.kind.family == NAMESPACES and "status" not in new.content:
            new.content["status"] = {"phase": "Active"}
        if wish_changed:
            self.after(new)
        self._remove_if_free(new)

    def _define(self, definition: Stored) -> None:
        group, plural = definition.content["spec"]["group"], definition.content["spec"]["names"]["plural"]
        new = defined(definition.content)
        if self.lag and not any(each.family == (group, plural) for each in self.kinds):
            threading.Timer(self.lag, lambda: setattr(self, "kinds", [*self.kinds, *new])).start()
        else:
            self.kinds = [each for each in self.kinds if each.family != (group, plural)] + new
        conditions = [{"type": each, "status": "True"} for each in ("NamesAccepted", "Established")]
        accepted = {"acceptedNames": definition.content["spec"]["names"], "storedVersions": []}
        definition.content["status"] = {"conditions": conditions, **accepted}
        self._store(definition, "MODIFIED")

    def _store(self, new: Stored, what: str) -> dict[str, Any]:
        self.number += 1
        new.content["metadata"]["resourceVersion"] = str(self.number)
        self._objects.setdefault(new.kind.family, {})[new.key] = new
        answer = shown(new, new.kind.api_version)
        self._tell(what, new.kind.family, answer)
        return answer

    def _tell(self, what: str, family: Family, content: dict[str, Any]) -> None:
        assert what in _EVENTS
        self.happenings.append(Happening(self.number, what, family, content))
        self.changed.notify_all()

    def _held(self, found: Stored) -> bool:
        inside = found.kind.family == NAMESPACES and any(self._inside(found.key[1]))
        return bool(found.content["metadata"].get("finalizers")) or inside

    def _remove_if_free(self, found: Stored) -> None:
        """Remove what is marked for it, once nothing holds it."""
        if "deletionTimestamp" in found.content["metadata"] and not self._held(found):
            self._drop(found)

    def _drop(self, found: Stored) -> None:
        if self._objects[found.kind.family].pop(found.key, None) is None:
            return
        self.number += 1
        found.content["metadata"]["resourceVersion"] = str(self.number)
        self._tell("DELETED", found.kind.family, shown(found, found.kind.api_version))
        self._delete_all(self._dependents(found))
        if found.kind.family == DEFINITIONS:
            self._undefine(found)
        place = self._objects.get(NAMESPACES, {}).get(("", found.key[0]))
        if place and "deletionTimestamp" in place.content["metadata"]:
            self._remove_if_free(place)

    def _undefine(self, definition: Stored) -> None:
        family = (definition.content["spec"]["group"], definition.content["spec"]["names"]["plural"])
        self._delete_all(iter(self._objects.get(family, {}).values()))
        self.kinds = [each for each in self.kinds if each.family != family]

    def _delete_all(self, found: Iterator[Stored]) -> None:
        """Delete objects, some of which may go with others of them."""
        for each in list(found):
            if self.find(each.kind, *each.key) is each:
                self.delete(each.kind, *each.key)

    def _inside(self, namespace: str) -> Iterator[Stored]:
        for objects in list(self._objects.values()):
            yield from [each for each in objects.values() if each.key[0] == namespace]

    def _dependents(self, owner: Stored) -> Iterator[Stored]:
        uid = owner.content["metadata"]["uid"]
        for objects in list(self._objects.values()):
            for each in list(objects.values()):
                if uid in [reference["uid"] for reference in each.content["metadata"].get("ownerReferences", ())]:
                    yield each


def shown(found: Stored, api_version: str) -> dict[str, Any]:
    """Return a copy of an object with its owners."""
    content = copy.deepcopy(found.content) | {"apiVersion": api_version}
    content["metadata"]["managedFields"] = fields.managed(found.owners, api_version)
    return content


def _wish(content: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key not in ("status", "metadata")}


def _unify(content: dict[str, Any]) -> None:
    """Store a Secret's texts as data, and no owners: they are kept apart."""
    content["metadata"].pop("managedFields", None)
    if content["kind"] == "Secret":
        for name, text in content.pop("stringData", {}).items():
            content.setdefault("data", {})[name] = base64.b64encode(text.encode()).decode()


def _merged(live: Any, patch: Any) -> Any:
    if not isinstance(live, dict) or not isinstance(patch, dict):
        return copy.deepcopy(patch)
    found = {key: copy.deepcopy(value) for key, value in live.items() if patch.get(key, value) is not None}
    return found | {key: _merged(live.get(key, {}), value) for key, value in patch.items() if value is not None}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
