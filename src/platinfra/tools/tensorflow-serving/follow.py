"""Keep the saved models of an object store in a folder, and the list of them that TensorFlow Serving reads."""

from __future__ import annotations

import logging
import os
import re
import shutil
import time
from dataclasses import replace
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from model_server import mirroring
from model_server.objects import Folder

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from model_server.objects import Found, Objects

MODEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
NUMBER = re.compile(r"[0-9]{1,18}")
GRAPHS = frozenset({"saved_model.pb", "saved_model.pbtxt"})
LIST = "models.config"
log = logging.getLogger("models")


class Version(NamedTuple):
    """One version of a model: its folder is MODEL/NUMBER."""

    model: str
    number: str

    @property
    def path(self) -> str:
        """Return its folder below the store's address."""
        return f"{self.model}/{self.number}"


Files = frozenset["Found"]


class Models:
    """A folder with the newest versions of each model that the store has, and the list that names the models."""

    def __init__(self, objects: Objects, folder: Path, versions: int = 1, settle_seconds: float = 0.0) -> None:
        self._objects = objects
        self._folder = folder
        self._served = folder / "served"
        self._served.mkdir(parents=True, exist_ok=True)
        self._versions = versions
        self._settle_seconds = settle_seconds

    def refresh(self) -> None:
        """
        Fetch what is new, list it, and take away what the store has no more.

        A version whose files are others now goes in one look and comes back in the next: TensorFlow Serving loads a
        version anew only after it was away. What cannot be fetched leaves its model as it is.
        """
        there = newest(finished(versions(self._objects), time.time() - self._settle_seconds), self._versions)
        here = versions(Folder(self._served))
        failed = {each.model for each in there.keys() - here.keys() if not self._fetched(each, there[each])}
        gone = [each for each, files in here.items() if there.get(each) != files and each.model not in failed]
        self._list({each.model for each in versions(Folder(self._served)) if each not in gone})
        for each in gone:
            self._remove(each)

    def _fetched(self, version: Version, files: Files) -> bool:
        """Tell whether a version is there now, in one step, with the times that the store has."""
        draft = self._folder / "draft"
        try:
            shutil.rmtree(draft, ignore_errors=True)
            for each in files:
                target = draft / each.name.removeprefix(f"{version.path}/")
                target.parent.mkdir(parents=True, exist_ok=True)
                self._objects.download(each.name, target)
                os.utime(target, (each.changed, each.changed))
            (self._served / version.model).mkdir(exist_ok=True)
            draft.rename(self._served / version.path)
        except Exception as error:
            log.warning("%s could not be fetched: %r", version.path, error)
            return False
        log.info("fetched: %s", version.path)
        return True

    def _remove(self, version: Version) -> None:
        """Take a version away in one step; the folder of its model stays, for TensorFlow Serving looks into it."""
        going = self._folder / "going"
        shutil.rmtree(going, ignore_errors=True)
        (self._served / version.path).rename(going)
        shutil.rmtree(going, ignore_errors=True)
        log.info("taken away: %s", version.path)

    def _list(self, models: Iterable[str]) -> None:
        place, text = self._folder / LIST, config(models, self._served, self._versions)
        if not place.exists() or place.read_text() != text:
            draft = self._folder / f".{LIST}"
            draft.write_text(text)
            draft.replace(place)


def versions(objects: Objects) -> dict[Version, Files]:
    """Return the files of each version that lies in a folder MODEL/NUMBER."""
    found: dict[Version, set[Found]] = {}
    for each in objects.find(""):
        model, _, rest = each.name.partition("/")
        number, _, inner = rest.partition("/")
        if MODEL.fullmatch(model) and NUMBER.fullmatch(number) and not {"", ".", ".."} & set(inner.split("/")):
            found.setdefault(Version(model, number), set()).add(replace(each, changed=float(int(each.changed))))
    return {version: frozenset(files) for version, files in found.items()}


def finished(found: dict[Version, Files], before: float) -> dict[Version, Files]:
    """Return the versions that have a graph, and whose newest file was put there long enough ago."""
    return {
        version: files
        for version, files in found.items()
        if any(each.name.removeprefix(f"{version.path}/") in GRAPHS for each in files)
        and max(each.changed for each in files) <= before
    }


def newest(found: dict[Version, Files], count: int) -> dict[Version, Files]:
    """Return the versions with the highest numbers of each model."""
    ranked = sorted(found, key=lambda each: (each.model, -int(each.number)))
    groups = groupby(ranked, key=lambda each: each.model)
    kept = [each for _, group in groups for each in islice(group, count)]
    return {each: found[each] for each in kept}


def config(models: Iterable[str], folder: Path, count: int) -> str:
    """Return the list of models as TensorFlow Serving reads it (model_server_config.proto, as text)."""
    entries = [
        f'  config {{\n    name: "{each}"\n    base_path: "{folder / each}"\n    model_platform: "tensorflow"\n'
        f"    model_version_policy {{ latest {{ num_versions: {count} }} }}\n  }}\n"
        for each in sorted(models)
    ]
    return f"model_config_list {{\n{''.join(entries)}}}\n"


def main() -> None:
    """Run until a signal ends us."""
    options = parser().parse_args()
    mirroring.run(
        lambda objects: Models(objects, options.data, options.versions, options.settle_seconds), options.poll_seconds
    )


def parser() -> argparse.ArgumentParser:
    """Return what the program understands."""
    made = mirroring.parser(__doc__, "TensorFlow Serving")
    made.add_argument("--versions", type=int, default=1, help="how many versions of each model are served")
    return made


if __name__ == "__main__":
    main()
