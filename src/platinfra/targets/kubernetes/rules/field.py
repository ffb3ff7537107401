"""A value inside an object together with its path; asking for what is not there yields an absent place, never an error."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Field:
    """A value and where it stands, such as `spec.template.spec.containers[0].image`."""

    value: Any
    path: str = ""

    def at(self, *keys: str) -> "Field":
        """Go down by keys of mappings."""
        place = self
        for key in keys:
            place = Field(place.mapping.get(key), _join(place.path, key))
        return place

    def each(self) -> Iterator["Field"]:
        """Yield the members of a list."""
        if isinstance(self.value, list | tuple):
            for index, member in enumerate(self.value):
                yield Field(member, f"{self.path}[{index}]")

    def find(self, *pattern: str) -> Iterator["Field"]:
        """Yield what is present at a path in which `*` stands for every member of a list or every value of a mapping."""
        if not pattern:
            if self.value is not None:
                yield self
            return
        key, *rest = pattern
        for place in self._members() if key == "*" else (self.at(key),):
            yield from place.find(*rest)

    def _members(self) -> Iterator["Field"]:
        yield from self.each()
        for key in self.mapping:
            yield Field(self.mapping[key], _join(self.path, str(key)))

    @property
    def present(self) -> bool:
        """Whether something other than null stands here."""
        return self.value is not None

    @property
    def mapping(self) -> Mapping[str, Any]:
        """The value when it is a mapping, otherwise an empty one."""
        return self.value if isinstance(self.value, Mapping) else {}

    @property
    def text(self) -> str:
        """The value when it is a string, otherwise an empty one."""
        return self.value if isinstance(self.value, str) else ""

    @property
    def number(self) -> int | None:
        """The value when it is a whole number."""
        return self.value if isinstance(self.value, int) and not isinstance(self.value, bool) else None

    @property
    def texts(self) -> dict[str, str]:
        """The entries of a mapping that are strings, such as labels."""
        return {key: value for key, value in self.mapping.items() if isinstance(key, str) and isinstance(value, str)}


def _join(path: str, key: str) -> str:
    if not _PLAIN.fullmatch(key):
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key
