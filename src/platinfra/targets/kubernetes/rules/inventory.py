"""The objects to check and everything they may refer to."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from platinfra.facts.table import beside
from platinfra.targets.kubernetes.rules.brought import brought_objects
from platinfra.targets.kubernetes.rules.known import Known, holds
from platinfra.targets.kubernetes.rules.pods import Template, templates
from platinfra.targets.kubernetes.rules.resource import Resource, resources

_T = TypeVar("_T")
_TABLE: Mapping[str, Any] = beside(__file__)
_EVERYWHERE = {(kind, name) for kind, names in _TABLE["everywhere"].items() for name in names}


@dataclass(frozen=True, slots=True)
class Inventory:
    """`checked` are the objects under judgement; `all` adds those that other objects or the cluster bring."""

    checked: tuple[Resource, ...]
    known: Known
    _by_kind: Mapping[str, tuple[Resource, ...]]
    _by_name: Mapping[tuple[str, str, str], Resource]
    _pods: Mapping[str, tuple[Template, ...]]

    def of(self, *keys: str) -> Iterator[Resource]:
        """Yield the objects under judgement of some kinds."""
        return (each for each in self.checked if each.key in keys)

    def all(self, key: str, namespace: str | None = None) -> Iterator[Resource]:
        """Yield every known object of a kind, in one namespace or in all."""
        return (each for each in self._by_kind.get(key, ()) if namespace in {None, each.namespace})

    def find(self, key: str, namespace: str, name: str) -> Resource | None:
        """Return an object whose content is known."""
        return self._by_name.get((key, namespace, name))

    def has(self, key: str, namespace: str, name: str) -> bool:
        """Tell whether an object exists, or cannot be judged."""
        if (key, name) in _EVERYWHERE or (key, namespace, name) in self._by_name:
            return True
        known = _TABLE["known"].get(key)
        return known is not None and holds(getattr(self.known, known), namespace, name)

    def templates(self) -> Iterator[Template]:
        """Yield the pod templates under judgement."""
        return (template for each in self.checked for template in templates(each))

    def pods(self, namespace: str | None) -> list[Template]:
        """Return the templates of all known pods of a namespace, or of every one."""
        if namespace is None:
            return [template for members in self._pods.values() for template in members]
        return list(self._pods.get(namespace, ()))

    def pods_unknown(self, namespace: str | None) -> bool:
        """Tell whether a namespace may have pods that nobody described."""
        names = self.known.pods
        return "*" in names or (bool(names) if namespace is None else f"{namespace}/*" in names)


def inventory(objects: Iterable[Mapping[str, Any]], known: Known) -> Inventory:
    """Sort objects by kind and name."""
    checked = tuple(resources(objects))
    every = (*checked, *resources(known.others))
    every = (*every, *resources(made for each in every for made in brought_objects(each)))
    by_kind: dict[str, list[Resource]] = {}
    pods: dict[str, list[Template]] = {}
    for each in every:
        by_kind.setdefault(each.key, []).append(each)
        pods.setdefault(each.namespace, []).extend(templates(each))
    # What is written comes before what something else brings under the same name.
    by_name = {(each.key, each.namespace, each.name): each for each in reversed(every)}
    return Inventory(checked, known, _freeze(by_kind), by_name, _freeze(pods))


def _freeze(lists: Mapping[str, list[_T]]) -> dict[str, tuple[_T, ...]]:
    return {key: tuple(members) for key, members in lists.items()}
