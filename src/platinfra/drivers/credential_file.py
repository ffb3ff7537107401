"""Credentials that people gave for servers that are there already, in a file only its owner can read."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.drivers.files import LocalFiles, translate_errors
from platinfra.model.ports import Secrets
from platinfra.model.reference import Secret


@dataclass(frozen=True, slots=True)
class Held:
    """A credential, and how often it was another one."""

    value: str
    edition: int


class CredentialFile:
    """Keeps what was given at the last `up`: later commands do without the variables that it came from."""

    def __init__(self, path: Path) -> None:
        """Remember the file; it is read each time, since it is small and others write it."""
        self._path = path

    def find(self, component: str, name: str) -> Held | None:
        """Return a credential; None when none was given, PlatinfraError is raised when the file is damaged."""
        return self._load().get(component, {}).get(name)

    def next_edition(self, component: str, name: str, given: str | None) -> int:
        """Return the edition of a credential once `given` is kept; None gives nothing new."""
        held = self.find(component, name)
        if held is None:
            return 1
        return held.edition + (given is not None and given != held.value)

    def keep(self, component: str, name: str, given: str) -> None:
        """Write down a credential, unless it is the one that is kept."""
        content = self._load()
        held = content.get(component, {}).get(name)
        if held is None or held.value != given:
            changed = Held(given, self.next_edition(component, name, given))
            content = {**content, component: {**content.get(component, {}), name: changed}}
            data = {key: {each: asdict(one) for each, one in own.items()} for key, own in content.items()}
            LocalFiles().write(self._path, json.dumps(data, indent=1))

    def _load(self) -> dict[str, dict[str, Held]]:
        try:
            with translate_errors(self._path):
                data = json.loads(self._path.read_text(encoding="utf-8")) if self._path.exists() else {}
            return {key: {name: Held(**each) for name, each in own.items()} for key, own in data.items()}
        except (ValueError, TypeError, AttributeError):
            hint = "remove it, and run `platinfra up` with the credentials once more"
            problem = Diagnostic("credentials-damaged", f"the file of credentials `{self._path}` is damaged", hint=hint)
            raise PlatinfraError(problem) from None


@dataclass(frozen=True, slots=True)
class WithCredentials:
    """Implements `Secrets`: given ones lie in their file, all others where they are generated."""

    generated: Secrets
    given: CredentialFile

    def get(self, secret: Secret) -> str:
        """Return a secret; raise PlatinfraError for a credential that nobody gave."""
        if secret.kind != "given":
            return self.generated.get(secret)
        held = self.given.find(secret.component, secret.name)
        if held is None:
            message = f"the credential `{secret.name}` of `{secret.component}` is not kept"
            raise PlatinfraError(Diagnostic("missing-credential", message, hint="run `platinfra up` once more with it"))
        return held.value
