"""Secrets of a stack whose cluster is on AWS: those that AWS keeps are read there, the rest lie in the cluster."""

from collections.abc import Callable

from platinfra.drivers.secret_store import SecretStore
from platinfra.model.ports import Secrets
from platinfra.model.reference import Secret

Source = tuple[str, str]
"""Name or ARN of a secret, and the field of it."""


class CloudSecrets:
    """Implements `Secrets`."""

    def __init__(self, store: SecretStore, source: Callable[[Secret], Source | None], others: Secrets) -> None:
        """Remember where to look; nothing is asked yet."""
        self._store, self._source, self._others = store, source, others

    def get(self, secret: Secret) -> str:
        """Return a secret; raise ActionError when AWS should have it and has not, or may not be asked."""
        source = self._source(secret)
        return self._others.get(secret) if source is None else self._store.field(*source)
