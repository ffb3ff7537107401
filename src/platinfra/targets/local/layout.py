"""Where everything of one stack lies on this machine."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders below `.platinfra/<environment>/`."""

    root: Path

    def component(self, name: str) -> Path:
        """Return the folder of a component."""
        return self.root / "components" / name

    def data(self, name: str) -> Path:
        """Return the persistent data of a component."""
        return self.component(name) / "data"

    def files(self, name: str) -> Path:
        """Return the configuration files written for a component."""
        return self.component(name) / "files"

    def home(self, name: str) -> Path:
        """Return the HOME of a component's processes."""
        return self.component(name) / "home"

    def work(self, name: str) -> Path:
        """Return the working directory of a component's processes."""
        return self.component(name) / "work"

    def temporary(self, name: str) -> Path:
        """Return the TMPDIR of a component's processes: in the system's one, another user may own what a tool looks for."""
        return self.component(name) / "tmp"

    def data_version(self, name: str) -> Path:
        """Return the file that says of which version of its tool a component's data is."""
        return self.component(name) / "version.json"

    def copies(self, name: str) -> Path:
        """Return the folder with copies of a component's data, one for each version that it was of."""
        return self.component(name) / "kept"

    def log(self, name: str, process: str) -> Path:
        """Return the log of a process."""
        return self.root / "logs" / f"{name}.{process}.log"

    @property
    def client(self) -> Path:
        """Return the folder of the client environment."""
        return self.root / "client"

    @property
    def client_venv(self) -> Path:
        """Return the link to the client's virtual environment."""
        return self.client / "venv"

    @property
    def client_lock(self) -> Path:
        """Return the lock made from the tools' client packages, when the project has none."""
        return self.client / "requirements.lock.txt"

    @property
    def client_env(self) -> Path:
        """Return the variables a client needs, as JSON that only the owner can read."""
        return self.client / "env.json"
