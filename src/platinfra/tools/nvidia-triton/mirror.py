"""Keep the model repository of an object store in a folder that Triton polls."""

from __future__ import annotations

import logging
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from model_server import mirroring

if TYPE_CHECKING:
    import argparse

    from model_server.objects import Found, Objects

log = logging.getLogger("models")
Files = frozenset["Found"]


class Repository:
    """A folder in which each model of the store is a link to a whole copy of it."""

    def __init__(self, objects: Objects, folder: Path, settle_seconds: float = 0.0) -> None:
        self._objects = objects
        self._folder = folder
        self._settle_seconds = settle_seconds
        self._here: dict[str, Files] = {}
        self._copies = 0
        for each in ("served", "copies"):  # a container that starts again begins anew: what it had may be half a copy
            shutil.rmtree(folder / each, ignore_errors=True)
            (folder / each).mkdir(parents=True)

    def refresh(self) -> None:
        """
        Fetch models that are new or others now, and take away what the store has no more.

        A model appears or changes in one step, so that Triton never sees half of one; what it may still be loading goes
        with the next look. What cannot be fetched leaves its model as it is.
        """
        self._remove_unlinked()
        there = models(self._objects)
        before = time.time() - self._settle_seconds
        for name, files in there.items():
            if self._here.get(name) != files and max(each.changed for each in files) <= before:
                self._fetch(name, files)
        for name in self._here.keys() - there.keys():
            self._remove(name)
        (self._folder / "ready").touch()

    def _fetch(self, name: str, files: Files) -> None:
        """Copy a model and let its link lead to the copy."""
        self._copies += 1
        copy = self._folder / "copies" / f"{name}-{self._copies}"
        try:
            for each in files:
                target = copy / each.name.removeprefix(f"{name}/")
                target.parent.mkdir(parents=True, exist_ok=True)
                self._objects.download(each.name, target)
        except Exception as error:
            log.warning("%s could not be fetched: %r", name, error)
            shutil.rmtree(copy, ignore_errors=True)
            return
        link, draft = self._folder / "served" / name, self._folder / "link"
        draft.unlink(missing_ok=True)
        draft.symlink_to(copy)
        draft.replace(link)
        self._here[name] = files
        log.info("fetched: %s", name)

    def _remove(self, name: str) -> None:
        """Take a model away in one step."""
        (self._folder / "served" / name).unlink()
        del self._here[name]
        log.info("taken away: %s", name)

    def _remove_unlinked(self) -> None:
        """Remove the copies to which no link leads any more."""
        linked = {each.resolve() for each in (self._folder / "served").iterdir()}
        for each in (self._folder / "copies").iterdir():
            if each.resolve() not in linked:
                shutil.rmtree(each, ignore_errors=True)


def models(objects: Objects) -> dict[str, Files]:
    """Return the files of each model: a folder of its own."""
    found: dict[str, set[Found]] = {}
    for each in objects.find(""):
        name, _, inner = each.name.partition("/")
        if name and not name.startswith(".") and inner and not {"", ".", ".."} & set(inner.split("/")):
            found.setdefault(name, set()).add(each)
    return {name: frozenset(files) for name, files in found.items()}


def main() -> None:
    """Run until a signal ends us."""
    options = parser().parse_args()
    mirroring.run(lambda objects: Repository(objects, options.data, options.settle_seconds), options.poll_seconds)


def parser() -> argparse.ArgumentParser:
    """Return what the program understands."""
    return mirroring.parser(__doc__, "Triton")


if __name__ == "__main__":
    main()
