"""The tools and capabilities there are, read one by one when asked for: names are looked up among what folders hold, never joined to paths."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from platinfra.catalog.capability import Capability
from platinfra.catalog.existing import PREFIX, as_existing
from platinfra.catalog.load import load_capability, load_tool
from platinfra.catalog.packages import find_packages
from platinfra.catalog.schema import Tool
from platinfra.catalog.versions import VERSION, as_version, versions_of
from platinfra.diagnostics import Diagnostic, PlatinfraError

_PACKAGE = Path(__file__).parent.parent
ENTRY_POINT = "platinfra.catalog"
_ALIASES = re.compile(r"^aliases: *\[(.+)\]", re.MULTILINE)


def canonical_tool(name: str) -> str:
    """Return the one spelling of a tool's name: `nvidia_triton` is `nvidia-triton`, `nannyML` is `nannyml`."""
    return name.replace("_", "-").replace(" ", "-").lower()


class Catalog:
    """Tools by folder name: the project's own first, then platinfra's, then those of installed packages."""

    def __init__(self, *extra: Path) -> None:
        """Look in the `extra` folders before the built-in one."""
        self._folders = (*extra, _PACKAGE / "tools")
        self._located: dict[str, Path | None] = {}
        self._tools: dict[str, Tool | None] = {}
        self._capabilities: dict[str, Capability | None] = {}

    @classmethod
    def beside(cls, folder: Path) -> "Catalog":
        """Return the catalog for a stack file in `folder`, whose `tools/` and `capabilities/` extend it."""
        return cls(folder / "tools")

    def find(self, name: str) -> Tool | None:
        """Return a tool in any spelling, or None; raise PlatinfraError when its file is wrong."""
        name = self.name_of(name)
        if name not in self._tools:
            folder = self._folder(name)
            self._tools[name] = self._load(folder) if folder else self._find_derived(name)
        return self._tools[name]

    def _find_derived(self, name: str) -> Tool | None:
        """Return the tool of a name as it is used where it is there already, or in an earlier version."""
        if name.startswith(PREFIX):
            found = self.find(name.removeprefix(PREFIX))
            return as_existing(found) if found and found.existing else None
        plain, sign, version = name.partition(VERSION)
        found = self.find(plain) if sign else None
        return as_version(found, version) if found and version in versions_of(found) else None

    def name_of(self, written: str) -> str:
        """Return the name of the tool that people mean by any spelling or alias; the spelling's where there is none."""
        name = canonical_tool(written)
        known = self._folder(name) or name.startswith(PREFIX)
        return name if known else self._aliases.get(name, name)

    @cached_property
    def _aliases(self) -> Mapping[str, str]:
        """Read the aliases of all tools, without the rest of their files: a name that no folder has is rare."""
        folders = (*self._folders, *_installed_folders())
        files = (file for folder in folders for file in sorted(folder.glob("*/tool.yaml")))
        return {alias: file.parent.name for file in files for alias in _read_aliases(file)}

    def get(self, name: str) -> Tool:
        """Return a tool; raise KeyError when there is none."""
        tool = self.find(name)
        if tool is None:
            raise KeyError(name)
        return tool

    def folder(self, name: str) -> Path:
        """Return the folder of a tool; raise KeyError when there is none."""
        folder = self._folder(self.name_of(name)) or self._folder(name.removeprefix(PREFIX).partition(VERSION)[0])
        if folder is None:
            raise KeyError(name)
        return folder

    def packages(self, name: str) -> Mapping[str, Path]:
        """Return the folders of the shared packages that a tool imports, in the order in which Python has to look."""
        folder = self.folder(name)
        return find_packages(self.get(name).packages, lambda: self._places(folder))

    def package_path(self, name: str) -> list[str]:
        """Return the folders that hold the shared packages of a tool, as PYTHONPATH names them."""
        return list(dict.fromkeys(str(each.parent) for each in self.packages(name).values()))

    def is_own(self, name: str) -> bool:
        """Tell whether a tool is one of platinfra's: those are tested with each other in every place."""
        return self._check(self.folder(name)) is None

    def names(self) -> list[str]:
        """Return the names of all tools, sorted."""
        folders = (*self._folders, *_installed_folders())
        found = (each.parent.name for folder in folders for each in folder.glob("*/tool.yaml"))
        return sorted({name for name in found if not name.startswith("_")})

    def tools(self) -> Iterator[Tool]:
        """Yield every tool that can be read; reads them all."""
        return (each for each in map(self._read, self.names()) if isinstance(each, Tool))

    def find_mistakes(self) -> Iterator[Diagnostic]:
        """Yield what is wrong with the tools that cannot be read; a stack that names one is refused for it."""
        errors = (each for each in map(self._read, self.names()) if isinstance(each, PlatinfraError))
        return (problem for error in errors for problem in error.diagnostics)

    def providers(self, capability: str) -> list[Tool]:
        """Return the tools that provide a capability and can run somewhere; reads them all."""
        return [tool for tool in self.tools() if capability in tool.provides and not tool.no_route]

    def find_capability(self, name: str) -> Capability | None:
        """Return a capability, or None."""
        if name not in self._capabilities:
            file = _capability(self._folders, name) or _capability(_installed_folders(), name)
            self._capabilities[name] = load_capability(file) if file else None
        return self._capabilities[name]

    def capability(self, name: str) -> Capability:
        """Return a capability; raise KeyError when there is none."""
        capability = self.find_capability(name)
        if capability is None:
            raise KeyError(name)
        return capability

    def capabilities(self) -> list[Capability]:
        """Return every capability, stages first."""
        folders = (folder.parent / "capabilities" for folder in (*self._folders, *_installed_folders()))
        names = sorted({file.stem for folder in folders for file in folder.glob("*.yaml")})
        return sorted((self.capability(name) for name in names), key=lambda each: not each.stage)

    def _check(self, folder: Path) -> Callable[[str], Capability | None] | None:
        """Return by what the references of a tool are checked: our own ones hold by a test."""
        return None if _PACKAGE in folder.parents else self.find_capability

    def _load(self, folder: Path) -> Tool:
        return load_tool(folder, lambda: self._places(folder), self._check(folder))

    def _places(self, tool: Path) -> Iterator[Path]:
        """Yield the folders in which the packages of a tool are looked for: beside it, then wherever tools are."""
        yield tool.parent
        yield from self._folders
        yield from _installed_folders()

    def _read(self, name: str) -> Tool | PlatinfraError:
        try:
            return self.get(name)
        except PlatinfraError as error:
            return error

    def _folder(self, name: str) -> Path | None:
        if name not in self._located:
            known = name.replace("-", "").isalnum() and not name.startswith("-")
            self._located[name] = (_first(self._folders, name) or _first(_installed_folders(), name)) if known else None
        return self._located[name]


def _read_aliases(file: Path) -> list[str]:
    """Return the aliases in the file of a tool, which stand in one line; none in one that cannot be read."""
    found = _ALIASES.search(file.read_text(encoding="utf-8", errors="replace"))
    return [canonical_tool(each.strip(" '\"")) for each in found[1].split(",")] if found else []


def _capability(folders: Iterable[Path], name: str) -> Path | None:
    """Return the file of a capability, which lies beside the folder of tools."""
    beside = (folder.parent / "capabilities" for folder in folders)
    return next((each / f"{name}.yaml" for each in beside if f"{name}.yaml" in _entries(each)), None)


def _first(folders: Iterable[Path], name: str) -> Path | None:
    holding = (folder for folder in folders if name in _entries(folder))
    return next((folder / name for folder in holding if (folder / name / "tool.yaml").is_file()), None)


def _entries(folder: Path) -> list[str]:
    """Return the names in a folder, none when it cannot be read."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _installed_folders() -> Iterator[Path]:
    """Yield the `tools` folders of installed packages; they are located, never imported."""
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINT):
        spec = find_spec(point.module.partition(".")[0])
        for root in (spec.submodule_search_locations or ()) if spec else ():
            yield Path(root, *point.module.split(".")[1:])
