"""The packages that tools share: folders of `_packages`, which lies where the folders of tools lie."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from platinfra.catalog.schema import Tool
from platinfra.diagnostics import Diagnostic, did_you_mean, join_names
from platinfra.document import Document

PACKAGES = "_packages"
"""No tool can have this name."""
Places = Callable[[], Iterable[Path]]
"""Returns the folders of tools in which the packages of one tool are looked for; the later ones take time to find."""


def find_packages(names: Sequence[str], places: Places) -> Mapping[str, Path]:
    """Return the folders of those packages that there are, in the order in which Python has to look for them."""
    found: dict[str, Path] = {}
    for place in places() if names else ():
        known = _packages_in(place)
        found |= {name: known[name] for name in names if name in known and name not in found}
        if found.keys() >= {*names}:
            break
    return found


def missing_packages(tool: Tool, document: Document, places: Places) -> Iterator[Diagnostic]:
    """Yield the packages that a tool names and nobody has, each with its line."""
    found = find_packages(tool.packages, places)
    for number, name in enumerate(tool.packages):
        if name not in found:
            message = f"there is no shared package `{name}`"
            span = document.value_span(("packages", number))
            yield Diagnostic("unknown-package", message, span, _hint(name, _known_names(places)))


def _hint(name: str, known: Sequence[str]) -> str:
    own = f"one of your own is a folder `tools/{PACKAGES}/NAME` with an `__init__.py`"
    return did_you_mean(name, known) or f"there are {join_names(known)}; {own}"


def _known_names(places: Places) -> Sequence[str]:
    return sorted({name for place in places() for name in _packages_in(place)})


def _packages_in(place: Path) -> dict[str, Path]:
    """Return the packages in a folder of tools, by name: what a file names is looked up among them."""
    found = {each.name: each for each in (place / PACKAGES).glob("*") if (each / "__init__.py").is_file()}
    return {name: folder for name, folder in found.items() if name.isidentifier()}
