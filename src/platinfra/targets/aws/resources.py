"""What a rendered folder declares, read without Terraform."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from platinfra.targets.aws import labels
from platinfra.targets.aws.root import Root

_RESOURCE = re.compile(r'^resource "([a-z0-9_]+)"', re.MULTILINE)
_NESTED = re.compile(r'source\s*=\s*"\.\./([a-z0-9_]+)"')


@dataclass(frozen=True, slots=True)
class Declared:
    """The resources that a module call declares; how many there will be of each, only Terraform knows."""

    component: str
    module: str
    types: tuple[str, ...]


def find_calls(root: Root) -> tuple[tuple[str, str], ...]:
    """Return component and module of each call of the root."""
    return tuple(
        (labels.owner(f"module.{label}"), str(call["source"]).rpartition("/")[2])
        for label, call in root.modules.items()
    )


def find_resources(root: Root, files: Mapping[str, bytes]) -> list[Declared]:
    """Return what the folder declares, by component."""
    calls = find_calls(root)
    return [Declared(component, name, tuple(dict.fromkeys(_in_module(name, files)))) for component, name in calls]


def resource_types(root: Root, files: Mapping[str, bytes]) -> frozenset[str]:
    """Return the types of all resources that the folder declares."""
    return frozenset(name for each in find_resources(root, files) for name in each.types)


def _in_module(name: str, files: Mapping[str, bytes]) -> Iterator[str]:
    for path, content in files.items():
        if path.startswith(f"modules/{name}/") and path.endswith(".tf"):
            text = content.decode()
            yield from _RESOURCE.findall(text)
            for nested in _NESTED.findall(text):
                yield from _in_module(nested, files)
