"""Values nobody knows yet: `${backend.url}` stays symbolic until a target resolves it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_PATTERN = re.compile(r"\$\$|\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)*")


@dataclass(frozen=True, slots=True)
class Reference:
    """A dotted name such as `backend.url`."""

    path: tuple[str, ...]

    def __str__(self) -> str:
        """Return the reference as it is written."""
        return f"${{{'.'.join(self.path)}}}"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret by name; its value is fetched at the last moment and never printed."""

    component: str
    name: str

    def __str__(self) -> str:
        """Return a placeholder."""
        return f"<secret {self.component}.{self.name}>"


GIVEN = "given/"
"""Begins the name of a secret that people made themselves: what follows is the entry, and the component is their Secret."""

Part = str | Reference | Secret
Text = tuple[Part, ...]
"""Text with holes in it; without holes it is one string."""

Scope = Callable[[Reference], "Text | None"]
"""Returns what a reference stands for; None for an unbound optional requirement."""


def parse(text: str) -> Text:
    """Split text at its references; `$$` is a dollar sign; raise ValueError for a malformed reference."""
    parts: list[Part] = []
    position = 0
    for match in _PATTERN.finditer(text):
        parts.append(text[position : match.start()])
        parts.append("$" if match.group(0) == "$$" else _reference(match.group(1)))
        position = match.end()
    parts.append(text[position:])
    return _merge(parts)


def _reference(name: str) -> Reference:
    if not _NAME.fullmatch(name):
        message = f"`${{{name}}}` is not a reference: it can only name a value, such as `${{backend.url}}`"
        raise ValueError(message)
    return Reference(tuple(name.split(".")))


def _merge(parts: list[Part]) -> Text:
    merged: list[Part] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    return tuple(merged)


def references(text: Text) -> Iterator[Reference]:
    """Yield the references in a text."""
    return (part for part in text if isinstance(part, Reference))


def secrets(text: Text) -> Iterator[Secret]:
    """Yield the secrets in a text."""
    return (part for part in text if isinstance(part, Secret))


def evaluate(text: Text, scope: Scope) -> Text | None:
    """Replace each reference by what it stands for; None when one of them is unbound."""
    parts: list[Part] = []
    for part in text:
        value = scope(part) if isinstance(part, Reference) else (part,)
        if value is None:
            return None
        parts.extend(value)
    return _merge(parts)


def reveal(text: Text, fetch: Callable[[Secret], str]) -> str:
    """Return the text with its secrets; raise TypeError when a reference is left."""
    result = []
    for part in text:
        if isinstance(part, Reference):
            message = f"{part} was not resolved"
            raise TypeError(message)
        result.append(fetch(part) if isinstance(part, Secret) else part)
    return "".join(result)


def show_text(text: Text) -> str:
    """Return the text for people: secrets and references keep their names."""
    return "".join(str(part) for part in text)
