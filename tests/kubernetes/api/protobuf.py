"""Read the few messages that clients write as protobuf: Secrets, DeleteOptions and access reviews."""

import base64
from collections.abc import Iterator
from typing import Any

MAGIC = b"k8s\x00"
_VARINT, _BYTES = 0, 2
_META = {1: "name", 2: "generateName", 3: "namespace", 5: "uid", 6: "resourceVersion"}
_MAPS = {11: "labels", 12: "annotations"}


def decode(body: bytes) -> dict[str, Any]:
    """Return the object of a Kubernetes envelope (runtime.Unknown) as JSON would hold it."""
    envelope = dict(_fields(body.removeprefix(MAGIC)))
    kind = {1: "apiVersion", 2: "kind"}
    found = {kind[number]: value.decode() for number, value in _fields(envelope[1])}
    raw = envelope.get(2, b"")
    if found["kind"] == "Secret":
        return {**found, **_secret(raw)}
    if found["kind"] == "DeleteOptions":
        return found
    if found["kind"] == "SelfSubjectAccessReview":
        return {**found, "metadata": {}, "spec": _review(raw)}
    raise ValueError(f"protobuf of a {found['kind']} is not supported")


def _review(raw: bytes) -> dict[str, Any]:
    """Read resourceAttributes: namespace, verb, group, version, resource, subresource, name."""
    names = {1: "namespace", 2: "verb", 3: "group", 4: "version", 5: "resource", 6: "subresource", 7: "name"}
    spec = dict(_fields(raw)).get(2, b"")
    attributes = dict(_fields(spec)).get(1, b"")
    return {"resourceAttributes": {names[number]: value.decode() for number, value in _fields(attributes)}}


def _secret(raw: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {"metadata": {}, "data": {}}
    for number, value in _fields(raw):
        if number == 1:
            found["metadata"] = _metadata(value)
        elif number == 2:
            name, content = _entry(value)
            found["data"][name] = base64.b64encode(content).decode()
        elif number == 3:
            found["type"] = value.decode()
    return found


def _metadata(raw: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, value in _fields(raw):
        if number in _META and value:
            found[_META[number]] = value.decode()
        elif number in _MAPS:
            name, content = _entry(value)
            found.setdefault(_MAPS[number], {})[name] = content.decode()
    return found


def _entry(raw: bytes) -> tuple[str, bytes]:
    pair = dict(_fields(raw))
    return pair.get(1, b"").decode(), pair.get(2, b"")


def _fields(raw: bytes) -> Iterator[tuple[int, Any]]:
    position = 0
    while position < len(raw):
        tag, position = _varint(raw, position)
        if tag & 7 == _VARINT:
            value, position = _varint(raw, position)
            yield tag >> 3, value
        elif tag & 7 == _BYTES:
            size, position = _varint(raw, position)
            yield tag >> 3, raw[position : position + size]
            position += size
        else:
            raise ValueError(f"wire type {tag & 7} is not supported")


def _varint(raw: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if not byte & 0x80:
            return value, position
