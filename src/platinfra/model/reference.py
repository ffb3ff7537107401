"""Values nobody knows yet: `${backend.url}` stays symbolic until a target resolves it."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

_PATTERN = re.compile(r"\$\$|\$\{([^}]*)\}")
_WRITTEN = re.compile(r"\$\$|\$\{[^}]*\}?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)*")


@dataclass(frozen=True, slots=True)
class Reference:
    """A dotted name such as `backend.url`."""

    path: tuple[str, ...]

    def __str__(self) -> str:
        """Return the reference as it is written."""
        return f"${{{'.'.join(self.path)}}}"


Kind = Literal["own", "login", "administrator", "given"]
"""Whose a secret is, and so where it is kept."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret by name; its value is fetched at the last moment and never printed."""

    component: str
    name: str
    kind: Kind = "own"
    """
    `own`: generated for the component. `login`: its password along the wire `name`. `administrator`: the `username` or
    `password` by which a service's logins are made. `given`: the entry `name` of a Secret `component` that people made, or
    a credential `name` that they gave for the component.
    """
    edition: int = 0
    """How often people gave another value: what was made with an earlier one has to be made again."""

    @property
    def key(self) -> str:
        """Return its name among the kept secrets of its component; people have data under it, so it never changes."""
        match self.kind:
            case "own":
                return self.name
            case "login":
                return f"{self.name}-password"
        return f"administrator-{self.name}" if self.kind == "administrator" else f"given/{self.name}"

    def __str__(self) -> str:
        """Return a placeholder."""
        edition = f" {self.edition}" if self.edition else ""
        return f"<secret {self.component}.{self.key}{edition}>"


Part = str | Reference | Secret
Text = tuple[Part, ...]
"""Text with holes in it; without holes it is one string."""


def parse(text: str) -> Text:
    """Split text at its references; `$$` is a dollar sign; raise ValueError for a malformed reference."""
    parts: list[Part] = []
    position = 0
    for match in _PATTERN.finditer(text):
        parts.append(text[position : match.start()])
        parts.append("$" if match.group(0) == "$$" else _reference(match.group(1)))
        position = match.end()
    parts.append(text[position:])
    return merge_parts(parts)


def written_references(text: str) -> Iterator[str]:
    """Yield each reference as it is written, well formed or not; one that is not closed ends with the text."""
    return (match[0] for match in _WRITTEN.finditer(text) if match[0] != "$$")


def _reference(name: str) -> Reference:
    if not _NAME.fullmatch(name):
        message = f"`${{{name}}}` is not a reference: it can only name a value, such as `${{backend.url}}`"
        raise ValueError(message)
    return Reference(tuple(name.split(".")))


def merge_parts(parts: Iterable[Part]) -> Text:
    """Return parts as a text: strings that follow each other are one, and empty ones are none."""
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
