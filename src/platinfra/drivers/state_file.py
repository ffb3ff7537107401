"""What was applied last, on disk: a good copy survives whatever happens while a new one is written."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.drivers.files import LocalFiles, translate_errors

VERSION = 1
"""Of the content; raised when an older platinfra could not read it."""


class StateFile:
    """The file `state.json` of a folder, and the copy before it."""

    def __init__(self, folder: Path) -> None:
        """Remember the folder; nothing is read yet."""
        self.path = folder / "state.json"
        self.backup = folder / "state.json.previous"
        self.recovered: Diagnostic | None = None
        """A warning, after `load` had to fall back to the copy."""

    def load(self) -> dict[str, Any] | None:
        """
        Return what was saved last, or before that when the file is missing or damaged; None when nothing was.

        Raises PlatinfraError when neither copy can be read, or when a newer platinfra wrote them.
        """
        self.recovered = None
        with translate_errors(self.path):
            current, previous = _read(self.path), _read(self.backup)
        if current is None and previous is None:
            if self.path.exists() or self.backup.exists():
                raise self.damage_error()
            return None
        if current is None:
            self.recovered = self._warning()
        return self._check(current if current is not None else previous or {})

    def save(self, content: Mapping[str, Any]) -> None:
        """Write `content` with its version, all of it or nothing; what was there becomes the copy."""
        text = json.dumps({"version": VERSION, **content}, indent=1)
        with translate_errors(self.path):
            if _read(self.path) is not None:
                self._keep_copy()
        LocalFiles().write(self.path, text)

    def clear(self) -> None:
        """Forget everything; nothing saved is no error."""
        for each in (self.path, self.backup):
            LocalFiles().remove(each)

    def _keep_copy(self) -> None:
        """Give the current file a second name: at no moment is there none."""
        part = self.backup.with_suffix(".part")
        part.unlink(missing_ok=True)
        os.link(self.path, part)
        os.replace(part, self.backup)

    def _check(self, content: dict[str, Any]) -> dict[str, Any]:
        version = content.get("version")
        if version != VERSION:
            message = f"`{self.path}` has version {version}, and this platinfra reads version {VERSION}"
            raise PlatinfraError(Diagnostic("state-version", message, hint="use the platinfra that made this stack"))
        return content

    def _warning(self) -> Diagnostic:
        return Diagnostic(
            "state-recovered",
            f"`{self.path}` was missing or damaged; the previous copy is used",
            hint="run `platinfra up` to bring the state up to date again",
            severity="warning",
        )

    def damage_error(self) -> PlatinfraError:
        """Return what to tell about a state that nobody can read."""
        hint = f"restore `{self.path}` from a backup, or remove it to start over"
        return PlatinfraError(Diagnostic("state-damaged", f"neither copy of `{self.path}` can be read", hint=hint))


def _read(path: Path) -> dict[str, Any] | None:
    """Return a JSON object; None when there is none, whatever the reason."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return content if isinstance(content, dict) else None
