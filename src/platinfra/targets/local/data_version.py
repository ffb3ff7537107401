"""The version of a tool that a component's data is of, as it is written down beside the data."""

import json
from dataclasses import dataclass
from pathlib import Path

from platinfra.diagnostics import Diagnostic
from platinfra.model.ports import Files
from platinfra.model.versions import compare

_LONGEST = 100
"""Lines of such a file."""


@dataclass(frozen=True, slots=True)
class DataVersion:
    """What is written down about a component's data; all empty while there is none."""

    version: str = ""
    moves_to: str = ""
    """Another version while the data is on its way there: it may be anything in between, and its copy is complete."""
    kept: tuple[str, ...] = ()
    """The versions of which a copy is kept."""

    def describe(self, component: str, version: str) -> str:
        """Return what bringing the data to a version is, for people."""
        if not self.version or (self.version == version and not self.moves_to):
            return f"data of {component} for {version}"
        if version in self.kept and compare(version, self.version) < 0:
            return f"put back data of {component} as it was with {version}; keep that of {self.version}"
        return f"keep a copy of {component}'s data of {self.version}, and migrate it to {version}"

    def can_become(self, version: str) -> bool:
        """Tell whether data can be brought to a version: tools migrate to later ones alone, and copies are what they were."""
        return not self.version or compare(version, self.version) >= 0 or version in self.kept


def read(files: Files, file: Path) -> DataVersion:
    """Return what a file says; data without one is taken for data of the version that runs next."""
    try:
        found = json.loads("\n".join(files.tail(file, _LONGEST)))
        return DataVersion(found["version"], found["moves_to"], tuple(found["kept"]))
    except (ValueError, KeyError, TypeError):
        return DataVersion()


def refuse_older(component: str, tool: str, version: str, found: DataVersion) -> Diagnostic | None:
    """Return that a version cannot read the data that is there; None when it can, or the data can be brought to it."""
    if found.can_become(version):
        return None
    kept = f", or one of which a copy was kept: {', '.join(found.kept)}" if found.kept else ""
    return Diagnostic(
        "older-version",
        f"the data of `{component}` is of {tool} {found.version}, which {version} cannot read",
        hint=f'write `version: "{found.version}"` or a later one{kept}; or begin anew with a second component (`as`)',
    )
