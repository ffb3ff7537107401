"""The file beside the stack file that says which content a name of an image stands for."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.targets.kubernetes.facts import LOCAL_REGISTRY
from platinfra.targets.kubernetes.image_names import DIGEST, ImageName, parse_image_name

FILE = "platinfra.images.json"
"""What it is called; people commit it."""
COMMAND = "platinfra images lock"
_KEY = "image"
_OTHER_CONTENT = frozenset({"ConfigMap", "CustomResourceDefinition", "Secret"})
"""Kinds whose fields are nobody's images, whatever they are called."""

Object = Mapping[str, Any]
Digests = Mapping[str, str]
"""The full name of an image to its digest."""


def images_in(objects: Iterable[Object]) -> set[ImageName]:
    """Return the images that objects name, in pods and in custom resources."""
    return {name for each in objects if each.get("kind") not in _OTHER_CONTENT for name in _find_images(each)}


def with_digests(each: Object, digests: Digests) -> dict[str, Any]:
    """Return an object whose images have the digests that are known; the tag stays, for people."""
    if not digests or each.get("kind") in _OTHER_CONTENT:
        return dict(each)
    return {key: _fix(value, key, digests) for key, value in each.items()}


def find_unpinned(objects: Iterable[Object], digests: Digests) -> Iterator[Diagnostic]:
    """Yield a warning for each image that the file has no digest of; images without a registry cannot have one."""
    for each in sorted(images_in(objects), key=str):
        if not each.digest and each.registry != LOCAL_REGISTRY and str(each) not in digests:
            message = f"`{FILE}` has no digest of `{each}`"
            yield Diagnostic("image-not-pinned", message, hint=f"run `{COMMAND}`", severity="warning")


def read(text: str) -> dict[str, str]:
    """Return the digests of a file; raise PlatinfraError when it holds something else."""
    try:
        data = json.loads(text)
    except ValueError:
        data = None
    if not isinstance(data, dict) or not all(
        isinstance(each, str) and DIGEST.fullmatch(each) for each in data.values()
    ):
        message = f"`{FILE}` does not map image names to `sha256:…`"
        raise PlatinfraError(Diagnostic("image-lock-unreadable", message, hint=f"remove it and run `{COMMAND}`"))
    return data


def write_digests(digests: Digests) -> str:
    """Return the file of some digests, sorted."""
    return json.dumps(dict(sorted(digests.items())), indent=2) + "\n"


def _find_images(value: Any, key: str = "") -> Iterator[ImageName]:
    match value:
        case str() if key == _KEY and (name := parse_image_name(value)):
            yield name
        case Mapping():
            for inner, each in value.items():
                yield from _find_images(each, inner)
        case list():
            for each in value:
                yield from _find_images(each)


def _fix(value: Any, key: str, digests: Digests) -> Any:
    match value:
        case str() if key == _KEY and (name := parse_image_name(value)) and str(name) in digests:
            return f"{value}@{digests[str(name)]}"
        case Mapping():
            return {inner: _fix(each, inner, digests) for inner, each in value.items()}
        case list():
            return [_fix(each, "", digests) for each in value]
    return value
