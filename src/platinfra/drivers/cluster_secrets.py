"""Generated secrets of a stack in a cluster, in a Secret of its namespace: whoever runs `up` finds the same ones."""

import base64
import secrets
from threading import Lock
from typing import Any

from platinfra.model.cluster import Cluster, ObjectRef

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

    def get(self, component: str, name: str) -> str:
        """Return a secret, generated on first use and the same from then on; raise ActionError when it cannot be kept."""
        key = f"{component}.{name}"
        with self._lock:
            content = self._content if self._content is not None else self._load()
            if key not in content:
                content = {**content, key: secrets.token_urlsafe(_BYTES)}
                if self._keep:
                    self._cluster.apply([self._object(content)])
            self._content = content
            return content[key]

    def _load(self) -> dict[str, str]:
        found: dict[str, Any] = self._cluster.get(self._ref) or {}
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
