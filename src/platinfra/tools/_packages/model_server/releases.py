"""Model versions made ready to serve: their files, their environment, and which was served last."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from model_server.environments import Installer, PreparationError
from model_server.versions import ModelVersion

if TYPE_CHECKING:
    from pathlib import Path

    from model_server.registry import Registry

KEPT = 5  # models and environments kept, so that going back is fast


@dataclass(frozen=True)
class Release:
    """A model version on this machine and the interpreter of its environment."""

    version: ModelVersion
    folder: Path
    python: Path

    def environment(self) -> dict[str, str]:
        """Make the variables of its processes: ours, without the path of our own packages."""
        own = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
        return own | {"PATH": f"{self.python.parent}{os.pathsep}{own.get('PATH', os.defpath)}"}


class Releases:
    """The releases below one folder."""

    def __init__(self, data: Path, registry: Registry) -> None:
        self._models = data / "models"
        self._environments = data / "environments"
        self._last = data / "served.json"
        self._registry = registry
        self._installer = Installer(self._environments)
        self._models.mkdir(parents=True, exist_ok=True)

    def prepare(self, version: ModelVersion) -> Release:
        """Download a version and make its environment, as far as they are not there; raise PreparationError."""
        folder = self._models / version.key
        if not folder.exists():
            self._download(version, folder)
        os.utime(folder)
        return Release(version, folder, self._installer.prepare(folder))

    def remember(self, version: ModelVersion | None) -> None:
        """Note what is served now, and forget what was served long ago."""
        draft = self._last.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(version) if version else None))
        draft.replace(self._last)
        keep_newest(self._models, KEPT)
        keep_newest(self._environments, KEPT)

    def recall(self) -> ModelVersion | None:
        """Return what was served last."""
        try:
            return ModelVersion(**json.loads(self._last.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def stop(self) -> None:
        """End a preparation under way."""
        self._installer.stop()

    def _download(self, version: ModelVersion, folder: Path) -> None:
        partial = folder.with_name(f".partial-{folder.name}")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            self._registry.download(version, partial)
        except Exception as error:
            raise PreparationError(f"cannot download version {version.version}: {error}") from error
        partial.rename(folder)


def keep_newest(folder: Path, count: int) -> None:
    """Delete all but the newest sub-folders; an environment's age is that of its marker."""
    if not folder.exists():
        return
    for old in sorted(filter(os.path.isdir, folder.iterdir()), key=_age, reverse=True)[count:]:
        shutil.rmtree(old, ignore_errors=True)


def _age(folder: Path) -> float:
    marker = folder / "complete"
    return (marker if marker.exists() else folder).stat().st_mtime
