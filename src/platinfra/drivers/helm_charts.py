"""The charts that releases are made of: fetched once, kept, and read without Helm."""

import hashlib
import os
import re
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.drivers import helm_objects
from platinfra.drivers.files import LocalFiles, translate_errors
from platinfra.model.cluster import Chart
from platinfra.model.digest import digest_of

_INVENTS = re.compile(
    rb"\b(?:rand(?:Alpha|AlphaNum|Ascii|Bytes|Int|Numeric)|gen(?:CA|PrivateKey|Signed|SelfSigned)\w*|uuidv4|htpasswd|bcrypt)\b"
)
"""Functions of templates that give something else each time."""
Pull = Callable[[Chart, Path], None]
"""Puts the archive of a chart into a folder."""


class Charts:
    """Charts by their names; archives are kept in `folder`, the user's cache where none is named."""

    def __init__(self, pull: Pull, folder: Path | None = None) -> None:
        """Remember how charts are fetched."""
        self._pull, self._folder = pull, folder

    def fetch(self, chart: Chart) -> Path:
        """Return the archive or folder of a chart; raise PlatinfraError when it is missing or not what it was."""
        if chart.repository.startswith("/"):
            return self._local(chart)
        path = self._keep(chart)
        note = path.with_suffix(".sha256")
        known = note.read_text(encoding="ascii").strip() if note.exists() else ""
        if path.exists() and known and _sum(path) == known:
            return path
        return self._fetch(chart, path, note, known)

    def _fetch(self, chart: Chart, path: Path, note: Path, known: str) -> Path:
        LocalFiles().folder(path.parent)
        with translate_errors(path), tempfile.TemporaryDirectory(dir=path.parent) as folder:
            self._pull(chart, Path(folder))
            found = next(Path(folder).glob("*.tgz"), None)
            if found is None:
                raise missing(chart)
            digest = _sum(found)
            _check(chart, digest, known)
            os.replace(found, path)
        LocalFiles().write(note, digest)
        return path

    def _local(self, chart: Chart) -> Path:
        root = Path(chart.repository)
        archive, folder = root / f"{chart.name}-{chart.version}.tgz", root / chart.name
        if archive.is_file():
            return archive
        if not root.is_dir():
            raise PlatinfraError(Diagnostic("chart-unreachable", f"the folder of charts `{root}` does not exist"))
        if not (folder / "Chart.yaml").is_file() or str(metadata(folder).get("version")) != chart.version:
            raise missing(chart)
        return folder

    def _keep(self, chart: Chart) -> Path:
        from platformdirs import user_cache_dir

        root = self._folder or Path(user_cache_dir("platinfra")) / "charts"
        place = hashlib.sha256(chart.repository.encode()).hexdigest()[:12]
        return root / place / f"{chart.name}-{chart.version}.tgz"


def metadata(path: Path) -> dict[str, Any]:
    """Return the content of Chart.yaml."""
    return _yaml(path, "Chart.yaml")


def values(path: Path) -> dict[str, Any]:
    """Return the default values."""
    return _yaml(path, "values.yaml")


def definitions(path: Path) -> list[dict[str, Any]]:
    """Return the definitions in the folder `crds` of a chart and of its parts, which no template renders."""
    texts = [each for name, each in sorted(files(path).items()) if _is_definition(name)]
    return [each for text in texts for each in helm_objects.objects(text.decode())]


def invents(path: Path) -> bool:
    """Tell whether a chart, or a part of it, may become something else each time it is rendered."""
    return any(_INVENTS.search(each) for name, each in files(path).items() if "templates" in name.split("/"))


def _is_definition(name: str) -> bool:
    *folders, last = name.split("/")
    return last.endswith((".yaml", ".yml")) and folders[-1:] == ["crds"] and set(folders[:-1:2]) <= {"charts"}


def files(path: Path) -> dict[str, bytes]:
    """Return all files of a chart, a folder or an archive, by their names below its root."""
    with translate_errors(path):
        if path.is_dir():
            found = (each for each in path.rglob("*") if each.is_file())
            return {each.relative_to(path).as_posix(): each.read_bytes() for each in found}
        return _unpack(path)


def _unpack(path: Path) -> dict[str, bytes]:
    try:
        with tarfile.open(path, "r:gz") as archive:
            opened = ((each.name.removeprefix("./"), archive.extractfile(each)) for each in archive if each.isfile())
            return {name.partition("/")[2]: content.read() for name, content in opened if content}
    except tarfile.TarError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: tarfile.TarError) -> PlatinfraError:
    message = f"the archive `{path}` cannot be read: {error}"
    return PlatinfraError(Diagnostic("chart-not-rendered", message, hint="delete it, and it will be fetched again"))


def missing(chart: Chart, details: tuple[str, ...] = ()) -> PlatinfraError:
    """Return what to tell when a repository does not have the version."""
    message = f"the repository `{chart.repository}` has no version {chart.version} of the chart `{chart.name}`"
    hint = "check the name and the version; `helm search repo` and the chart's page list the available ones"
    return PlatinfraError(Diagnostic("chart-version-missing", message, hint=hint, details=details))


def _check(chart: Chart, found: str, wanted: str) -> None:
    if wanted and found != wanted:
        message = f"the content of version {chart.version} of the chart `{chart.name}` has changed"
        hint = (
            "a published version should never change; find out why, then use another version or delete the cached one"
        )
        details = (f"expected sha256:{wanted}", f"found    sha256:{found}", f"repository {chart.repository}")
        raise PlatinfraError(Diagnostic("chart-changed", message, hint=hint, details=details))


def digest(path: Path) -> str:
    """Return what tells the content of a chart from any other: a sum over the archive, or over the files of a folder."""
    return digest_of(*sorted(files(path).items())) if path.is_dir() else _sum(path)


def _sum(path: Path) -> str:
    with translate_errors(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _yaml(path: Path, name: str) -> dict[str, Any]:
    content = _read(path, name)
    found: Any = None if content is None else next(helm_objects.documents(content.decode()), None)
    return found if isinstance(found, dict) else {}


def _read(path: Path, name: str) -> bytes | None:
    """Return a file of a chart; None when it has none of the name."""
    with translate_errors(path):
        if path.is_dir():
            return (path / name).read_bytes() if (path / name).is_file() else None
        try:
            with tarfile.open(path, "r:gz") as archive:
                members = (each for each in archive if each.isfile())
                found = next((each for each in members if each.name.removeprefix("./").partition("/")[2] == name), None)
                content = archive.extractfile(found) if found else None
                return content.read() if content else None
        except tarfile.TarError as error:
            raise _unreadable(path, error) from error
