"""Build and push images with Docker or Podman."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from platinfra.diagnostics import ActionError, Diagnostic, PlatinfraError
from platinfra.drivers.kubernetes_command import find_program, run
from platinfra.drivers.kubernetes_problems import last_lines

OVERRIDE = "PLATINFRA_CONTAINER_ENGINE"
_ENGINES = ("docker", "podman")
_LINES = 15
_BUILD = 3600.0
"""Seconds: packages are downloaded."""


class Containers:
    """The container engine of this machine."""

    def __init__(self) -> None:
        """Find it; raise PlatinfraError when there is none or it does not answer."""
        found = [path for each in _ENGINES if (path := find_program(OVERRIDE, each))]
        if not found:
            hint = "install Docker or Podman, or name the program in PLATINFRA_CONTAINER_ENGINE"
            raise PlatinfraError(Diagnostic("container-engine-missing", "no container engine is installed", hint=hint))
        self.program = found[0]
        ended = run([self.program, "info"])
        if ended.code:
            message = f"`{Path(self.program).name}` does not answer"
            hint = "start its service, and check that your user may use it"
            details = last_lines(ended.err or ended.out, _LINES)
            raise PlatinfraError(Diagnostic("container-engine-missing", message, hint=hint, details=details))

    def has(self, name: str) -> bool:
        """Tell whether an image is here."""
        return run([self.program, "image", "inspect", name]).code == 0

    def build(self, name: str, context: Mapping[str, bytes], base: str | None = None) -> None:
        """Build an image from files; raise ActionError with the last lines of what the engine said."""
        folder = Path(tempfile.mkdtemp(prefix="platinfra-image-"))
        try:
            for path, content in context.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content)
            arguments = ["--tag", name, "--file", str(folder / "Containerfile")]
            arguments += ["--build-arg", f"BASE={base}"] if base else []
            self._do(f"building {name}", ["build", *arguments, str(folder)])
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def push(self, name: str) -> None:
        """Push an image to its registry."""
        self._do(f"pushing {name}", ["push", name])

    def _do(self, what: str, arguments: list[str]) -> None:
        ended = run([self.program, *arguments], timeout=_BUILD)
        if ended.code:
            hint = f"try it by hand: `{Path(self.program).name} {arguments[0]}`"
            details = last_lines(ended.err or ended.out, _LINES)
            raise ActionError(Diagnostic("image-failed", f"{what} failed", hint=hint, details=details))
