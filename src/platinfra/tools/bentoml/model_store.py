"""Models as BentoML exports them, kept in an object store: versions never change, aliases name one of them."""

from __future__ import annotations

import re
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from model_server.objects import Objects

SUFFIX = ".bentomodel"
_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?")
_RECORD = "model.yaml"
_RECORD_BYTES = 1_000_000


class RefusedError(Exception):
    """What was asked for makes no sense here."""


class UnknownModelError(Exception):
    """No model has this name, version or alias."""


@dataclass(frozen=True)
class Version:
    """A model version and the aliases that name it."""

    name: str
    version: str
    size: int
    changed: float
    aliases: tuple[str, ...] = field(default=())

    @property
    def tag(self) -> str:
        """Return what BentoML calls it."""
        return f"{self.name}:{self.version}"


class ModelStore:
    """The models of one object store."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def versions(self, name: str = "") -> list[Version]:
        """Return the versions of a model, the newest one first; without a name those of all models."""
        if name:
            _checked(name)
        found, aliases = [], {}
        for each in self._objects.find(f"models/{name}/" if name else "models/"):
            _, model, *rest = each.name.split("/")
            if rest[0] == "aliases":
                aliases[model, rest[1]] = self._objects.read(each.name).decode()
            elif rest[0].endswith(SUFFIX):
                found.append(Version(model, rest[0].removesuffix(SUFFIX), each.size, each.changed))
        named = [Version(each.name, each.version, each.size, each.changed, _of(each, aliases)) for each in found]
        return sorted(named, key=lambda each: (each.changed, each.version), reverse=True)

    def find(self, tag: str) -> Version:
        """Return what a tag names: NAME, NAME:latest, NAME:VERSION or NAME:ALIAS."""
        name, _, which = tag.partition(":")
        versions = self.versions(_checked(name))
        for each in versions:
            if which in {each.version, *each.aliases}:
                return each
        if versions and which in {"", "latest"}:
            return versions[0]
        message = f"there is no model {tag}"
        raise UnknownModelError(message)

    def push(self, file: Path) -> str:
        """Keep an exported model; a version that is there already stays as it is, and the other one is refused."""
        name, version = read_tag(file)
        if any(each.version == version for each in self.versions(name)):
            message = f"{name}:{version} is there already; versions do not change"
            raise RefusedError(message)
        self._objects.upload(file, f"models/{name}/{version}{SUFFIX}")
        return f"{name}:{version}"

    def pull(self, tag: str, folder: Path) -> Path:
        """Copy an exported model into a folder of this machine."""
        version = self.find(tag)
        target = folder / f"{version.name}-{version.version}{SUFFIX}"
        self._objects.download(f"models/{version.name}/{version.version}{SUFFIX}", target)
        return target

    def promote(self, tag: str, alias: str) -> Version:
        """Let an alias name a version from now on."""
        if _checked(alias) == "latest":
            message = "`latest` always names the newest version"
            raise RefusedError(message)
        version = self.find(tag)
        if any(each.version == alias for each in self.versions(version.name)):
            message = f"{alias} is a version already"
            raise RefusedError(message)
        self._objects.write(f"models/{version.name}/aliases/{alias}", version.version.encode())
        return self.find(version.tag)


def read_tag(file: Path) -> tuple[str, str]:
    """Return name and version of an exported model, without running or unpacking anything of it."""
    try:
        with tarfile.open(file) as archive:
            record = _record(archive)
    except (tarfile.TarError, EOFError, OSError, yaml.YAMLError) as error:
        message = f"this is no model that BentoML exported: {error}"
        raise RefusedError(message) from error
    if not isinstance(record, dict):
        message = f"{_RECORD} does not say what model this is"
        raise RefusedError(message)
    return _checked(str(record.get("name", ""))), _checked(str(record.get("version", "")))


def _record(archive: tarfile.TarFile) -> Any:
    found = None
    for member in archive:
        path = Path(member.name)
        if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
            message = f"{member.name} would lie outside of the model"
            raise RefusedError(message)
        if path == Path(_RECORD) and member.size <= _RECORD_BYTES:
            content = archive.extractfile(member)
            found = yaml.safe_load(content.read()) if content else None
    return found


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        message = f"`{name}` is no name: up to 63 small letters, digits, dots, dashes and underscores"
        raise RefusedError(message)
    return name


def _of(version: Version, aliases: dict[tuple[str, str], str]) -> tuple[str, ...]:
    return tuple(alias for (name, alias), named in aliases.items() if (name, named) == (version.name, version.version))
