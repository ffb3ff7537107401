"""A stack's secrets in AWS Secrets Manager: made there with the stack, only read here, written nowhere."""

import json
from functools import cached_property
from threading import Lock
from typing import Any

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.drivers.aws_account import Account, ask
from platinfra.model.reference import Secret


class SecretStore:
    """Implements `Secrets`; each secret is fetched once."""

    def __init__(self, prefix: str, region: str) -> None:
        """Remember where; nothing is asked yet."""
        self._prefix, self._account = prefix, Account(region)
        self._lock = Lock()
        self._known: dict[str, dict[str, Any]] = {}

    def get(self, secret: Secret) -> str:
        """
        Return a secret: the password of a login, or the value of a generated one.

        Raises ActionError when it does not exist or may not be read.
        """
        path = f"{self._prefix}/{secret.component}/{secret.name}"
        return self.field(path, "password" if secret.kind == "login" else "value")

    def find(self, path: str) -> dict[str, Any] | None:
        """Return the fields of the secret with a name, which are none where it holds no mapping; None without the secret."""
        text = ask(lambda: self._client.get_secret_value(SecretId=path)["SecretString"], "ResourceNotFoundException")
        return None if text is None else _fields(text)

    def field(self, path: str, field: str) -> str:
        """Return a field of the secret with a name or an ARN; raise ActionError when there is none."""
        with self._lock:
            if path not in self._known:
                self._known[path] = self._fetch(path)
        value = self._known[path].get(field)
        if not isinstance(value, str):
            raise self._missing(f"the secret `{path}` has no field `{field}`")
        return value

    def _fetch(self, path: str) -> dict[str, Any]:
        found = self.find(path)
        if found is None:
            raise self._missing(f"there is no secret `{path}`")
        return found

    @cached_property
    def _client(self) -> Any:
        return self._account.client("secretsmanager")

    def _missing(self, what: str) -> ActionError:
        hint = "`platinfra up` for the stack on AWS creates it; then run `up` for this one again"
        return ActionError(Diagnostic("secrets-missing", f"{what} in `{self._account.region}`", hint=hint))


def _fields(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}
