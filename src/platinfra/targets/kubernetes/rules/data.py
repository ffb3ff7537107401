"""What ConfigMaps and Secrets hold."""

from base64 import b64decode
from binascii import Error
from collections.abc import Iterator

from platinfra.targets.kubernetes.rules.field import Field
from platinfra.targets.kubernetes.rules.inventory import Inventory
from platinfra.targets.kubernetes.rules.resource import Problem, Resource

_MOST_BYTES = 1024 * 1024
_ENCODED = (("Secret", "data"), ("ConfigMap", "binaryData"))


def data_is_valid(inventory: Inventory) -> Iterator[Problem]:
    """Report values that are not strings or not base64 where they must be, and objects above one mebibyte."""
    for each in inventory.of("ConfigMap", "Secret"):
        size = 0
        for field in ("data", "stringData", "binaryData"):
            for key, value in each.at(field).mapping.items():
                size += len(str(key)) + len(str(value).encode("utf-8", "replace"))
                yield from _value(each, each.at(field, str(key)), encoded=(each.key, field) in _ENCODED)
        if size > _MOST_BYTES:
            message = f"the {each.kind} holds {size} bytes, and at most {_MOST_BYTES} are allowed"
            yield each.problem("invalid-data", each.at("data"), message, "split it, or put it in an image")


def _value(resource: Resource, place: Field, *, encoded: bool) -> Iterator[Problem]:
    if not isinstance(place.value, str | None):
        message = f"{place.value!r} is not a string"
        yield resource.problem("invalid-data", place, message, "write it in quotes")
    elif encoded and not _is_base64(place.text):
        yield resource.problem("invalid-data", place, "the value is not base64", "encode it, or use `stringData`")


def _is_base64(text: str) -> bool:
    try:
        b64decode("".join(text.split()), validate=True)
    except (Error, ValueError):
        return False
    return True
