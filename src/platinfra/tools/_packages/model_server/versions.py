"""What is known about one version of a registered model."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


class RegistryUnreachableError(Exception):
    """The registry did not answer, so nothing is known about the alias."""


@dataclass(frozen=True)
class ModelVersion:
    """One version of a registered model; `created` tells it from its namesake in a registry made anew."""

    name: str
    version: str
    run_id: str
    created: int

    @property
    def key(self) -> str:
        """Name the version in a way that is safe as a folder and unique over registries."""
        text = f"{self.name}\n{self.version}\n{self.run_id}\n{self.created}"
        return f"{self.version}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
