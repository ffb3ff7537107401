"""The files that describe one program: its specification, its supervisord section, and what it recorded of itself."""

import json
import math
import os
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.drivers import privileges, process_tree
from platinfra.drivers.files import LocalFiles
from platinfra.model.ports import CommandSpec, ProcessSpec

_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_SECTION = Path(__file__).with_name("program.conf")
"""What supervisord is told of a program."""
_LONGEST = 60
"""Characters of a TMPDIR in which programs can make unix sockets: Python's own need 32 more, and 107 are all there are."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large logs grow and when a program counts as started."""

    log_bytes: int = 10 * 1024 * 1024
    log_copies: int = 3
    startsecs: int = 5
    """A program that ends sooner is started again after a pause that grows with each failure."""


@dataclass(frozen=True, slots=True)
class ProgramFiles:
    """What lies in `run/` of a stack's folder, by program."""

    folder: Path
    mark: str
    limits: Limits

    def names(self) -> set[str]:
        """Return every program that left a file."""
        files = [path.name for path in (self.folder / "run").glob("*.json")]
        return {re.sub(r"(\.pid|\.tree)?\.json$", "", each) for each in files}

    def spec(self, name: str) -> dict[str, Any]:
        """Return what was written last; empty when it is missing or damaged."""
        return process_tree.load(f"{self._stem(name)}.json")

    def record(self, name: str) -> dict[str, Any]:
        """Return the pid, start and descendants that were recorded."""
        return process_tree.load_record(self._stem(name))

    def mark_of(self, name: str) -> str:
        """Return the mark that every process of a program carries."""
        return f"{self.mark}:{name}"

    def write(self, spec: ProcessSpec, sections: Path) -> None:
        """Write the specification into `run/` and the supervisord section into `sections`."""
        if not _NAME.fullmatch(spec.name):
            raise ActionError(Diagnostic("process-name", f"`{spec.name}` is not a valid process name"))
        section = self._section(spec)
        files = LocalFiles()
        files.folder(spec.run.log.parent)
        files.write(Path(f"{self._stem(spec.name)}.json"), json.dumps(self._content(spec, sections.parent)))
        files.write(sections / f"{spec.name}.conf", section)

    def forget(self, name: str) -> None:
        """Remove the files of a program, which hold its secrets."""
        self.forget_record(name)
        Path(f"{self._stem(name)}.json").unlink(missing_ok=True)

    def forget_record(self, name: str) -> None:
        """Remove what an ended program recorded; its restarts count from zero again."""
        for end in ("pid", "tree"):
            Path(f"{self._stem(name)}.{end}.json").unlink(missing_ok=True)

    def _stem(self, name: str) -> str:
        return str(self.folder / "run" / name)

    def _content(self, spec: ProcessSpec, runtime: Path) -> dict[str, Any]:
        temporary = {name: short_path(spec.run.env[name], runtime) for name in ("TMPDIR",) if name in spec.run.env}
        return {
            "command": [*drop_root(spec.run), *spec.run.command],
            "env": {**spec.run.env, **temporary, process_tree.MARK: self.mark_of(spec.name)},
            "cwd": str(spec.run.cwd),
            "owned": [str(each) for each in spec.run.owned] if spec.run.unprivileged else [],
            "umask": current_umask(),
            "digest": spec.digest,
            "stop": {"signal": spec.stop_signal, "grace": spec.grace},
            "ports": list(spec.ports),
            "start_within": spec.start_within,
        }

    def _section(self, spec: ProcessSpec) -> str:
        log = os.path.relpath(spec.run.log, self.folder)
        if re.search(r"\s[;#]|[\r\n]", log):
            raise ActionError(Diagnostic("log-path", f"supervisord cannot write to a file named `{log}`"))
        return _SECTION.read_text(encoding="utf-8").format(
            name=spec.name,
            startsecs=self.limits.startsecs,
            signal=spec.stop_signal,
            grace=max(1, math.ceil(spec.grace)),
            log=log.replace("%", "%%"),
            log_bytes=self.limits.log_bytes,
            log_copies=self.limits.log_copies,
        )


def short_path(folder: str, runtime: Path) -> str:
    """Return a path to `folder` that is short enough for unix sockets in it: its own, or that of a link in `runtime`."""
    if len(folder) <= _LONGEST:
        return folder
    link = runtime / f"t{sha256(folder.encode()).hexdigest()[:6]}"
    LocalFiles().link(link, Path(folder))
    return str(link)


def drop_root(spec: CommandSpec) -> tuple[str, ...]:
    """Return what has to stand before the command of `spec`; raise ActionError when it is not installed."""
    try:
        return privileges.prefix() if spec.unprivileged else ()
    except FileNotFoundError as error:
        message = f"`{spec.component}` refuses to run as root, and `setpriv`, which drops root, is not installed"
        hint = "install the package `util-linux`, or run platinfra as an ordinary user"
        raise ActionError(Diagnostic("setpriv-missing", message, hint=hint)) from error


def current_umask() -> int:
    """Return the umask of this process; asking means setting it, except on Linux."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            return next(int(line.split()[1], 8) for line in file if line.startswith("Umask:"))
    except (OSError, StopIteration):
        mask = os.umask(0o077)
        os.umask(mask)
        return mask
