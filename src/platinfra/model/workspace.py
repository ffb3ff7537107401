"""Where a stack file is, and where its state lies."""

from dataclasses import dataclass
from pathlib import Path

STATE_FOLDER = ".platinfra"
DEFAULT_FILE = Path("platinfra.yaml")
DEFAULT = "default"
"""The environment of a file as it stands."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A stack file and one environment of it."""

    file: Path
    environment: str = DEFAULT

    @property
    def folder(self) -> Path:
        """Return the folder of the stack file."""
        return self.file.absolute().parent

    @property
    def root(self) -> Path:
        """Return the state folder of the environment."""
        return self.folder / STATE_FOLDER / self.environment
