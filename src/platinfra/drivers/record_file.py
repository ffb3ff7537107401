"""The record of a stack on disk: a good copy survives whatever happens while a new one is written."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from platinfra import __version__
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.drivers.files import LocalFiles, translate_errors
from platinfra.model.record import Record

if TYPE_CHECKING:
    from pydantic import TypeAdapter

R = TypeVar("R", bound=Record)
FILE = "state.json"
_ADAPTERS: "dict[type[Record], TypeAdapter[Any]]" = {}
"""What reads and writes each type of record: to make it takes longer than to read one."""


@dataclass(frozen=True, slots=True)
class Header:
    """What every version of every target's record says: whose it is."""

    stack: str = ""
    target: str = ""
    components: tuple[str, ...] = ()


class RecordFile(Generic[R]):
    """The file `state.json` of a folder, and the copy before it."""

    def __init__(self, folder: Path, kind: type[R]) -> None:
        """Remember the folder and the type of the record; nothing is read yet."""
        self.path = folder / FILE
        self.backup = folder / f"{FILE}.previous"
        self.recovered: Diagnostic | None = None
        """A warning, after `load` had to fall back to the copy."""
        self._kind = kind
        self._version = len(kind.migrations) + 1

    def load(self) -> R:
        """
        Return what was saved last, or before that when the file is missing or damaged; an empty record when nothing was.

        What an earlier platinfra saved becomes today's form; the file changes with the next `save`. Raises PlatinfraError
        when neither copy can be read, or when a newer platinfra wrote them.
        """
        content = self._content()
        if content is None or not self._is_own(content):
            return self._kind()
        version = content.get("version")
        if type(version) is not int or not 0 < version <= self._version:
            raise self._version_error(content)
        try:
            with translate_errors(self.path.parent):
                for migrate in self._kind.migrations[version - 1 :]:
                    content = migrate(content, self.path.parent)
            return self.read(content)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise self.damage_error() from None

    def read(self, content: Mapping[str, Any]) -> R:
        """Return the record that plain data of today's version describes; raise ValueError when it is none."""
        return self._adapter.validate_python(content)

    def load_readable(self) -> R:
        """Return the same; an empty record when neither copy can be read, for who asks the world itself next."""
        try:
            return self.load()
        except PlatinfraError as error:
            if error.diagnostics[0].code != "state-damaged":
                raise
            return self._kind()

    def header(self) -> Header:
        """Return whose the record is, of whatever version; raise PlatinfraError when neither copy can be read."""
        content = self._content() or {}
        names = content.get("components")
        known = tuple(names) if isinstance(names, dict) else ()
        return Header(str(content.get("stack", "")), str(content.get("target", "")), known)

    def save(self, record: R) -> None:
        """Write a record with its version, all of it or nothing; what was there becomes the copy."""
        data = self._adapter.dump_python(record, mode="json")
        text = json.dumps({"version": self._version, "platinfra": __version__, **data}, indent=1)
        with translate_errors(self.path):
            if _read(self.path) is not None:
                self._keep_copy()
        LocalFiles().write(self.path, text)

    @property
    def _adapter(self) -> "TypeAdapter[R]":
        """Return what reads and writes the type of record."""
        from pydantic import TypeAdapter  # start-up time

        if self._kind not in _ADAPTERS:
            _ADAPTERS[self._kind] = TypeAdapter(self._kind)
        return _ADAPTERS[self._kind]

    def _content(self) -> dict[str, Any] | None:
        self.recovered = None
        with translate_errors(self.path):
            current, previous = _read(self.path), _read(self.backup)
        if current is None and previous is None and (self.path.exists() or self.backup.exists()):
            raise self.damage_error()
        if current is None and previous is not None:
            message = f"`{self.path}` was missing or damaged; the previous copy is used"
            hint = "run `platinfra up` to bring the state up to date again"
            self.recovered = Diagnostic("state-recovered", message, hint=hint, severity="warning")
        return current if current is not None else previous

    def _is_own(self, content: dict[str, Any]) -> bool:
        """Tell whether a record is of this target; raise PlatinfraError when it is of another one and something is up."""
        target = str(content.get("target", ""))
        if not self._kind.destination or target in {"", self._kind.destination}:
            return True
        if content.get("applied") or content.get("cluster"):
            message = f"the stack `{content.get('stack')}` of this folder is up on the target `{target}`"
            hint = "take it down with `platinfra down`, or give this file its own folder or environment"
            raise PlatinfraError(Diagnostic("another-stack", message, hint=hint))
        return False

    def _keep_copy(self) -> None:
        """Give the current file a second name: at no moment is there none."""
        part = self.backup.with_suffix(".part")
        part.unlink(missing_ok=True)
        os.link(self.path, part)
        os.replace(part, self.backup)

    def _version_error(self, content: dict[str, Any]) -> PlatinfraError:
        writer = content.get("platinfra")
        whose = f"was written by platinfra {writer}: it has" if writer else "has"
        message = f"`{self.path}` {whose} version {content.get('version')}, and this platinfra ({__version__}) reads up to version {self._version}"
        hint = f"use platinfra {writer} or newer" if writer else "use the platinfra that brought this stack up"
        return PlatinfraError(Diagnostic("state-version", message, hint=hint))

    def damage_error(self) -> PlatinfraError:
        """Return what to tell about a record that nobody can read."""
        hint = f"restore `{self.path}` from a backup, or remove it to start over"
        return PlatinfraError(Diagnostic("state-damaged", f"neither copy of `{self.path}` can be read", hint=hint))


def _read(path: Path) -> dict[str, Any] | None:
    """Return a JSON object; None when there is none, whatever the reason."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return content if isinstance(content, dict) else None
