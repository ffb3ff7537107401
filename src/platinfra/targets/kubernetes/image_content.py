"""What an image of a tool holds: its hashed lock, its code, and the recipe that puts them together."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.packages import PACKAGES

BASE = "docker.io/library/python:3.12-slim"
FOLDER = "/opt/platinfra/tools"
"""Where the folders of tools lie in an image: `${folder}` is the tool's own, and beside it are its packages."""
_SKIPPED = frozenset(
    {"__pycache__", "tool.yaml", "requirements.in", "requirements.lock.txt", "image.in", "image.lock.txt"}
)
_RECIPE = Path(__file__).with_name("Containerfile.template")
"""The lock is complete: pip resolves nothing, which old ones refuse for packages with extras."""
_PACKAGES = """\
RUN apt-get update && apt-get install --yes --no-install-recommends {names} && rm -rf /var/lib/apt/lists/*
"""


def context(catalog: Catalog, tool: str) -> dict[str, bytes]:
    """Return the files that an image is built from: the lock, the code of the tool and of its packages, and the recipe."""
    entry, folder = catalog.get(tool), catalog.folder(tool)
    named = [each.requirements for each in (entry.run.kubernetes, entry.run.local) if each and each.requirements]
    lock = next(iter(named), "requirements.lock.txt")
    names = entry.run.kubernetes.image_packages if entry.run.kubernetes else []
    about = {"tool": tool, "homepage": entry.homepage, "license": entry.license}
    packages = _PACKAGES.format(names=" ".join(names)) if names else ""
    recipe = _RECIPE.read_text(encoding="utf-8").format(base=BASE, folder=FOLDER, packages=packages, **about)
    files = {"Containerfile": recipe.encode(), "requirements.lock.txt": (folder / lock).read_bytes()}
    places = {tool: folder, **{f"{PACKAGES}/{name}": place for name, place in catalog.packages(tool).items()}}
    for inside, place in places.items():
        files |= {f"tools/{inside}/{name}": content for name, content in _code(place)}
    return dict(sorted(files.items()))


def content_tag(catalog: Catalog, tool: str) -> str:
    """Return what changes with the content of a tool's image."""
    whole = hashlib.sha256()
    for name, content in context(catalog, tool).items():
        whole.update(f"{name}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()[:12]


def _code(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file() and not _SKIPPED.intersection(path.relative_to(folder).parts):
            yield str(path.relative_to(folder)), path.read_bytes()
