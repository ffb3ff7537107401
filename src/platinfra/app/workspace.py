"""Where a stack file is, where its state lies, and what the commands read from both."""

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from platinfra.catalog.catalog import Catalog, canonical_tool
from platinfra.diagnostics import ActionError, Diagnostic, PlatinfraError, did_you_mean, listed
from platinfra.document import load_file
from platinfra.resolve.environment import DEFAULT
from platinfra.resolve.resolve import Resolved, resolve
from platinfra.spec.load import load
from platinfra.spec.rules import is_name

STATE_FOLDER = ".platinfra"
DEFAULT_FILE = Path("platinfra.yaml")


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

    def catalog(self) -> Catalog:
        """Return the catalog, with the tools of the stack file's folder."""
        return Catalog.beside(self.folder)

    def resolve(self, catalog: Catalog, without: tuple[str, ...] = ()) -> Resolved:
        """Load and resolve the stack; raise PlatinfraError with every problem."""
        stack = load(load_file(self.file))
        found = resolve(stack, catalog, environment=self.environment, without=without)
        return found if found.graph.target == "local" else replace(found, digests=self.digests())

    def digests(self) -> dict[str, str] | None:
        """Return the digests of images beside the stack file, None without any; raise PlatinfraError when they are unreadable."""
        from platinfra.targets.kubernetes.image_digests import FILE, read  # start-up time: a laptop has no images

        path = self.folder / FILE
        return read(path.read_text(encoding="utf-8", errors="replace")) if path.is_file() else None

    def prepare_root(self) -> None:
        """Make the state folder: private, and ignored by Git."""
        top = self.folder / STATE_FOLDER
        try:
            top.mkdir(mode=0o700, exist_ok=True)
            ignore = top / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n")
            self.root.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            message = f"cannot create `{self.root}`: {error.strerror or error}"
            raise ActionError(
                Diagnostic(
                    "state-not-written",
                    message,
                    hint="state lies beside the stack file; choose a folder you can write to",
                )
            ) from None


def at(file: Path | None, environment: str | None) -> Workspace:
    """
    Return the workspace of a stack file; the default is `platinfra.yaml` here or in a folder above.

    Raises PlatinfraError for what cannot name an environment: the name becomes a folder.
    """
    if environment is not None and not is_name(environment):
        hint = "lower-case letters, digits and dashes, beginning with a letter"
        raise PlatinfraError(Diagnostic("invalid-name", f"`{environment}` cannot name an environment", hint=hint))
    return Workspace(file if file is not None else _nearest(), environment or DEFAULT)


def _nearest() -> Path:
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / DEFAULT_FILE).is_file() or (folder / STATE_FOLDER).is_dir():
            found = folder / DEFAULT_FILE
            return DEFAULT_FILE if folder == Path.cwd() else found
    return DEFAULT_FILE


def cache_folder() -> Path:
    """Return the folder of what stacks share: PLATINFRA_CACHE_DIR, or the user's cache folder."""
    if given := os.environ.get("PLATINFRA_CACHE_DIR"):
        return Path(given).absolute()
    from platformdirs import user_cache_path

    return user_cache_path("platinfra")


def chosen_component(name: str, components: object) -> str:
    """Return the canonical name of a component; raise PlatinfraError with the nearest names when there is none."""
    known = list(components) if isinstance(components, dict) else []
    if (canonical := canonical_tool(name)) in known:
        return canonical
    hint = did_you_mean(name, known) or (f"components: {listed(known)}" if known else "run `platinfra up` first")
    raise PlatinfraError(
        Diagnostic("unknown-component", f"`{name}` is not a component of the running stack", hint=hint)
    )


PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
