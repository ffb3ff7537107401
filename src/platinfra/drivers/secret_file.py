"""Generated secrets, in a file only its owner can read."""

import json
import secrets
from pathlib import Path
from threading import Lock

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.drivers.files import LocalFiles, translate_errors
from platinfra.model.reference import Secret

_BYTES = 24

Content = dict[str, dict[str, str]]


class SecretFile:
    """Implements `Secrets`."""

    def __init__(self, path: Path, data: Path | None = None) -> None:
        """Remember the file; `data` is a folder whose content is useless without the secrets."""
        self._path, self._data = path, data
        self._lock = Lock()
        self._content: Content | None = None

    def get(self, secret: Secret) -> str:
        """
        Return a secret, generated on first use and the same from then on.

        Raises PlatinfraError when the file is damaged, or missing although there is data: new secrets would lock
        the owner out of it.
        """
        with self._lock:
            content = self._content if self._content is not None else self._load()
            self._content = content
            found = content.get(secret.component, {}).get(secret.key)
            return found if found is not None else self._generate(content, secret.component, secret.key)

    def _generate(self, content: Content, component: str, name: str) -> str:
        value = secrets.token_urlsafe(_BYTES)
        changed = {**content, component: {**content.get(component, {}), name: value}}
        LocalFiles().write(self._path, json.dumps(changed, indent=1))
        self._content = changed
        return value

    def _load(self) -> Content:
        try:
            with translate_errors(self._path):
                content = _parse(self._path.read_text(encoding="utf-8")) if self._path.exists() else self._none_yet()
        except ValueError as error:
            raise self._problem("secrets-damaged", "is damaged") from error
        return content

    def _none_yet(self) -> Content:
        if self._data is not None and self._data.is_dir() and any(self._data.iterdir()):
            raise self._problem("secrets-missing", "is missing, but there is data")
        return {}

    def _problem(self, code: str, what: str) -> PlatinfraError:
        hint = "restore it from a backup; without it the data cannot be opened; to start over, remove both"
        return PlatinfraError(Diagnostic(code, f"the file of secrets `{self._path}` {what}", hint=hint))


def read_secrets(path: Path) -> tuple[str, ...]:
    """Return the values in a file of secrets, for who must not show them; none when it cannot be read."""
    try:
        return tuple(value for each in _parse(path.read_text(encoding="utf-8")).values() for value in each.values())
    except (OSError, ValueError):
        return ()


def _parse(text: str) -> Content:
    content = json.loads(text)
    if not isinstance(content, dict) or not all(_are_secrets(each) for each in content.values()):
        raise ValueError("not a file of secrets")
    return content


def _are_secrets(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
