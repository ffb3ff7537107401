"""Moving a component's data to another version of its tool: a copy is kept first, and an earlier copy can be put back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from platinfra.model.digest import digest_of
from platinfra.model.event import Phase
from platinfra.model.plan import Progress, Seen
from platinfra.model.ports import World
from platinfra.model.versions import compare
from platinfra.targets.local.actions import Command, Step
from platinfra.targets.local.data_version import DataVersion, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """The commands that keep a copy of what a component has in its providers, and that put one back."""

    keep: tuple[Command, ...]
    put_back: tuple[Command, ...]

    def of(self, version: str) -> "Copies":
        """Return the commands for the copy of one version."""
        return Copies(keep=_for(self.keep, version), put_back=_for(self.put_back, version))


def _for(commands: tuple[Command, ...], version: str) -> tuple[Command, ...]:
    return tuple(replace(each, env={**each.env, "COPY": (version,)}) for each in commands)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveData(Step):
    """Bring a component's data to the version of its tool that is to run."""

    version: str
    file: Path
    """Says of which version the data is."""
    data: Path
    kept: Path
    """Holds a copy of `data` for each version that it was of."""
    processes: tuple[str, ...]
    copies: Copies
    migrate: tuple[Command, ...]
    kind: str = "data"
    phase: Phase = "preparing"
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Change with the version."""
        return digest_of(self.version)

    def holds(self, seen: Seen) -> bool:
        """Tell whether the data is of this version."""
        found = read(seen.world.files, self.file)
        return found.version == self.version and not found.moves_to

    def apply(self, world: World, progress: Progress) -> None:
        """Keep a copy and migrate, or put an earlier copy back; raise ActionError, after which the next `up` begins anew."""
        found = read(world.files, self.file)
        if found.version and (found.version != self.version or found.moves_to):
            found = self._move(found, world, progress)
        self._write(replace(found, version=self.version, moves_to=""), world)

    def _move(self, found: DataVersion, world: World, progress: Progress) -> DataVersion:
        for each in self.processes:
            world.processes.stop(each)
        if found.moves_to:
            progress.report(f"putting {found.version} back after a move that did not end")
            self._put_back(found.version, world)
        else:
            progress.report(f"keeping a copy of {found.version}")
            found = self._keep(found, world)
        if found.version == self.version:
            return found
        found = replace(found, moves_to=self.version)
        self._write(found, world)
        if compare(self.version, found.version) < 0:
            progress.report(f"putting {self.version} back")
            self._put_back(self.version, world)
        else:
            progress.report(f"migrating from {found.version} to {self.version}")
            _run(self.migrate, self.component, world)
        return found

    def _keep(self, found: DataVersion, world: World) -> DataVersion:
        """Make the copy of the present version; one of an earlier time goes."""
        world.files.copy(self.data, self.kept / found.version)
        _run(self.copies.of(found.version).keep, self.component, world)
        others = tuple(each for each in found.kept if each != found.version)
        return replace(found, kept=(*others, found.version))

    def _put_back(self, version: str, world: World) -> None:
        world.files.copy(self.kept / version, self.data)
        _run(self.copies.of(version).put_back, self.component, world)

    def _write(self, found: DataVersion, world: World) -> None:
        content = {"version": found.version, "moves_to": found.moves_to, "kept": list(found.kept)}
        world.files.write(self.file, json.dumps(content, indent=1))


def _run(commands: tuple[Command, ...], component: str, world: World) -> None:
    for command in commands:
        command.run(component, world)
