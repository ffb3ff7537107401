"""Objects of a cluster: how they are named, and what would change about them."""

from collections.abc import Iterator
from typing import Any

from platinfra.model.cluster import Object, ObjectRef

_OF_THE_SERVER = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_KEYS = ("name", "mountPath", "containerPort", "port", "type", "uid")
"""What tells the elements of a list apart."""


def is_custom(ref: ObjectRef) -> bool:
    """Tell whether the kind of an object is none of Kubernetes' own."""
    group = ref.api_version.rpartition("/")[0]
    return "." in group and not group.endswith(".k8s.io")


def changed_paths(live: Object, wanted: Object) -> tuple[str, ...]:
    """Return the paths at which two states of an object differ, without what the server writes itself."""
    return tuple(sorted(_differences(_clean(live), _clean(wanted), "")))


def _clean(content: Object) -> dict[str, Any]:
    metadata = {key: value for key, value in content.get("metadata", {}).items() if key not in _OF_THE_SERVER}
    annotations = {
        key: value for key, value in (metadata.pop("annotations", None) or {}).items() if key != _LAST_APPLIED
    }
    kept = {key: value for key, value in content.items() if key not in ("status", "metadata")}
    return {**kept, "metadata": {**metadata, **({"annotations": annotations} if annotations else {})}}


def _differences(one: Any, other: Any, path: str) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {*one, *other}:
            yield from _differences(one.get(key), other.get(key), f"{path}.{key}")
    elif (found := _by_key(one, other)) is not None:
        key, first, second = found
        for each in {*first, *second}:
            yield from _differences(first.get(each), second.get(each), f'{path}[{key}="{each}"]')
    elif one != other:
        yield path


def _by_key(one: Any, other: Any) -> tuple[str, dict[Any, Any], dict[Any, Any]] | None:
    """Return two lists as mappings by the key of their elements; None when they have none, or not one each."""
    if (
        not isinstance(one, list)
        or not isinstance(other, list)
        or not all(isinstance(each, dict) for each in one + other)
    ):
        return None
    for key in _KEYS:
        first, second = ({each.get(key): each for each in items} for items in (one, other))
        if None not in {**first, **second} and (len(first), len(second)) == (len(one), len(other)) and first:
            return key, first, second
    return None
