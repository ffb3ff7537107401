"""An object as the rules see it, and what is wrong with it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from platinfra.targets.kubernetes.rules.api import CLUSTER_WIDE
from platinfra.targets.kubernetes.rules.field import Field


@dataclass(frozen=True, slots=True)
class Problem:
    """A broken rule: the object (`Deployment ns/name`), the place inside it, one sentence and what mends it."""

    rule: str
    object: str
    path: str
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.object} {self.path}: {self.message} [{self.rule}]"


@dataclass(frozen=True, slots=True)
class Resource:
    """One object; `key` is its kind without the version, such as `Service` or `apps/Deployment`."""

    root: Field
    key: str
    version: str
    namespace: str
    name: str

    @property
    def kind(self) -> str:
        """The kind without its group."""
        return self.key.rpartition("/")[2]

    @property
    def group(self) -> str:
        """The group of its API; empty for the core."""
        return self.key.rpartition("/")[0]

    @property
    def full_kind(self) -> str:
        """The kind with group and version, such as `apps/v1/Deployment` or `v1/Service`."""
        return "/".join(filter(None, (self.group, self.version, self.kind)))

    @property
    def title(self) -> str:
        """What people call it: `Deployment ns/name`."""
        return f"{self.kind or 'object'} {'/'.join(filter(None, (self.namespace, self.name))) or '?'}"

    @property
    def labels(self) -> dict[str, str]:
        """Its labels."""
        return self.at("metadata", "labels").texts

    @property
    def annotations(self) -> dict[str, str]:
        """Its annotations."""
        return self.at("metadata", "annotations").texts

    def at(self, *keys: str) -> Field:
        """Go down by keys."""
        return self.root.at(*keys)

    def problem(self, rule: str, place: Field, message: str, hint: str) -> Problem:
        """Say what is wrong at a place of this object."""
        return Problem(rule, self.title, place.path, message, hint)


def resources(objects: Iterable[Mapping[str, Any]]) -> Iterator[Resource]:
    """Yield objects, and the items of lists (`kind: List`) in place of the lists."""
    for each in objects:
        root = Field(each)
        if root.at("kind").text == "List":
            yield from resources(item.mapping for item in root.at("items").each())
        else:
            yield resource(root)


def resource(root: Field) -> Resource:
    """Return the object at a place."""
    metadata = root.at("metadata")
    group, version = split(root.at("apiVersion").text)
    name = metadata.at("name").text or metadata.at("generateName").text
    key = join_kind(group, root.at("kind").text)
    # Charts write a namespace into what lies outside of them, and an API server takes no notice.
    namespace = "" if key in CLUSTER_WIDE else metadata.at("namespace").text
    return Resource(root, key, version, namespace, name)


def split(api_version: str) -> tuple[str, str]:
    """Return group and version of an apiVersion."""
    group, _, version = api_version.rpartition("/")
    return group, version


def join_kind(group: str, kind: str) -> str:
    """Return a kind with its group, the key of a Resource."""
    return f"{group}/{kind}" if group else kind
