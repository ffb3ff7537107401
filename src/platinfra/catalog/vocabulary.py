"""
The names that `${…}` may mention in a `tool.yaml`, and the sections in which it may: the table beside this file.

It is the only list of them: a tool is checked against it when it is loaded, the evaluator refuses every other name, and the
reference is written from it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from platinfra.catalog.capability import Capability
from platinfra.catalog.schema import Tool
from platinfra.facts.table import beside
from platinfra.model.ground import Place

_HOLE = re.compile(r"REQUIREMENT\.ATTRIBUTE|[A-Z]+")
_CHOICE = re.compile(r"\{(.*?)\}")


@dataclass(frozen=True, slots=True)
class Word:
    """A name, or several with braces, and what it stands for."""

    name: str
    meaning: str
    places: tuple[Place, ...]
    needs: str
    """`wire` or `chart` that a section is about, `lock` or `packages` that the tool has; or nothing."""

    @property
    def names(self) -> Iterator[str]:
        """Yield the names one by one."""
        choice = _CHOICE.search(self.name)
        return (_CHOICE.sub(each, self.name) for each in choice[1].split(",")) if choice else iter((self.name,))


@dataclass(frozen=True, slots=True)
class Section:
    """A part of `tool.yaml` whose texts are evaluated in one place; `*` is any key, `**` whatever is below."""

    path: str
    place: Place
    given: tuple[str, ...] = ()

    def covers(self, path: tuple[str | int, ...]) -> bool:
        """Tell whether a text of the file is in the section."""
        wanted = self.path.split(".")
        if wanted[-1] == "**":
            wanted, path = wanted[:-1], path[: len(wanted) - 1]
        return len(wanted) == len(path) and all(one in {"*", key} for one, key in zip(wanted, path, strict=True))


def _words() -> Iterator[Word]:
    for group in beside(__file__)["words"]:
        for name, meaning in group["names"].items():
            yield Word(name, meaning, tuple(group["places"]), group.get("needs", ""))


def _sections() -> Iterator[Section]:
    for group in beside(__file__)["sections"]:
        yield from (Section(key, group["place"], tuple(group.get("given", ()))) for key in group["keys"])


WORDS, SECTIONS = tuple(_words()), tuple(_sections())


def names(
    tool: Tool,
    folder: Path,
    find_capability: Callable[[str], Capability | None],
    place: Place,
    given: Iterable[str] = (),
) -> frozenset[str]:
    """Return every name that means something for a tool in a place; `PREFIX.*` is any name that begins so."""
    local = tool.run.local
    own = {"lock": local and local.requirements, "packages": tool.packages}
    there = frozenset({"", *given, *(name for name, found in own.items() if found)})
    fillers = _fillers(tool, folder, find_capability, place)
    return frozenset(name.replace(hole, each) for name, hole in _holes(place, there) for each in fillers[hole])


def is_among(name: str, known: frozenset[str]) -> bool:
    """Tell whether a name is one of `known`."""
    return name in known or f"{name.partition('.')[0]}.*" in known


@cache
def _holes(place: Place, there: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Return the names of a place, each with the part that stands for what a tool calls its own."""
    names = [name for each in WORDS if place in each.places and each.needs in there for name in each.names]
    return tuple((name, "".join(_HOLE.findall(name)[:1])) for name in names)


def _fillers(
    tool: Tool, folder: Path, find_capability: Callable[[str], Capability | None], place: Place
) -> Mapping[str, Iterable[str]]:
    def attributes(capability: str) -> Iterable[str]:
        found = find_capability(capability)
        return (*found.attributes, *found.further) if found else ("*",)

    local, kubernetes, aws = tool.run.local, tool.run.kubernetes, tool.run.aws
    wired = [f"{name}.{each}" for name, one in tool.requires.items() for each in attributes(one.capability)]
    return {
        "": ("",),
        "SETTING": tool.settings,
        "SECRET": tool.secrets_in(place),
        "ENDPOINT": {**tool.endpoints, **({tool.existing.endpoint: ""} if tool.existing else {})},
        "CREDENTIAL": tool.existing.credentials if tool.existing else (),
        "REQUIREMENT": tool.requires,
        "REQUIREMENT.ATTRIBUTE": wired,
        "FILE": [each.name for each in folder.iterdir() if each.is_file()],
        "HELD": kubernetes.secrets if kubernetes else (),
        "ENTRY": kubernetes.existing.keys if kubernetes and kubernetes.existing else (),
        "WIRED": [each for capability in tool.provides for each in attributes(capability)],
        "ROLE": ("main", *(aws.roles if aws else ())),
        "PROGRAM": local.needs.programs if local and local.needs else (),
        "OUTPUT": ("*",),
    }
