"""Generated secrets of a stack in a cluster, in a Secret of its namespace: every `up` finds the same ones."""

import base64
import secrets
from threading import Lock
from typing import Any

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.model.cluster import Cluster, ObjectRef
from platinfra.model.reference import Secret

NAME = "platinfra-secrets"
_BYTES = 24


class ClusterSecrets:
    """Implements `Secrets`."""

    def __init__(self, cluster: Cluster, namespace: str, *, keep: bool = True) -> None:
        """Remember where; nothing is read yet. Without `keep` what is missing is made up and forgotten, as a plan needs it."""
        self._cluster = cluster
        self._ref = ObjectRef("v1", "Secret", NAME, namespace)
        self._keep = keep
        self._lock = Lock()
        self._content: dict[str, str] | None = None

    def get(self, secret: Secret) -> str:
        """
        Return a secret: one that people made themselves, or one that is generated on first use and the same from then on.

        Raises ActionError when people's own is not there, or a generated one cannot be kept.
        """
        if secret.kind == "given":
            return self._get_entry(secret.component, secret.name)
        key = f"{secret.component}.{secret.key}"
        with self._lock:
            content = self._content if self._content is not None else self._content_of(self._ref)
            if key not in content:
                content = {**content, key: secrets.token_urlsafe(_BYTES)}
                if self._keep:
                    self._cluster.apply([self._object(content)])
            self._content = content
            return content[key]

    def _get_entry(self, secret: str, key: str) -> str:
        """Return an entry of a Secret of the namespace; it is asked each time, since people change it."""
        content = self._content_of(ObjectRef("v1", "Secret", secret, self._ref.namespace))
        if key not in content:
            message = f"the Secret `{secret}` of the stack's namespace has no `{key}`"
            raise ActionError(Diagnostic("missing-secret", message, hint="add it, and run the same command again"))
        return content[key]

    def _content_of(self, ref: ObjectRef) -> dict[str, str]:
        found: dict[str, Any] = self._cluster.get(ref) or {}
        return {key: base64.b64decode(value).decode() for key, value in (found.get("data") or {}).items()}

    def _object(self, content: dict[str, str]) -> dict[str, Any]:
        labels = {"app.kubernetes.io/managed-by": "platinfra", "app.kubernetes.io/part-of": self._ref.namespace}
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": NAME, "namespace": self._ref.namespace, "labels": labels},
            "type": "Opaque",
            "data": {key: base64.b64encode(value.encode()).decode() for key, value in sorted(content.items())},
        }
