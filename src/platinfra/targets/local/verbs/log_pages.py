"""Read the logs of processes on this machine piece by piece, without the stack's secrets."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from platinfra.diagnostics import Diagnostic, PlatinfraError, did_you_mean
from platinfra.drivers.log_file import read_after, read_before
from platinfra.drivers.secret_file import read_secrets
from platinfra.model.log_page import LogPage
from platinfra.model.workspace import Workspace
from platinfra.targets.local.verbs.running import Running, running

_SHORTEST = 8
"""Characters of what is concealed: anything shorter is a word that has other meanings too."""
_CONCEALED = "[secret]"


@dataclass(frozen=True, slots=True)
class LocalLogs:
    """Implements `LogReader`."""

    files: Mapping[str, Path]
    sources: Mapping[str, str]
    secrets: tuple[str, ...] = field(repr=False)

    def before(self, source: str, end: int | None, lines: int) -> LogPage:
        """Return the last lines that end at or before a byte, or at the end of the log."""
        return self._conceal(read_before(self._file(source), end, lines))

    def after(self, source: str, start: int) -> LogPage:
        """Return the lines that were added after a byte, not more than one block of them."""
        return self._conceal(read_after(self._file(source), start))

    def _file(self, source: str) -> Path:
        if source not in self.files:
            hint = did_you_mean(source, self.files)
            raise PlatinfraError(Diagnostic("unknown-component", f"`{source}` has no log", hint=hint))
        return self.files[source]

    def _conceal(self, page: LogPage) -> LogPage:
        return replace(page, lines=tuple(map(self._without_secrets, page.lines)))

    def _without_secrets(self, line: str) -> str:
        for each in self.secrets:
            line = line.replace(each, _CONCEALED)
        return line


def open_logs(workspace: Workspace) -> LocalLogs:
    """Return the logs of every process of the stack that was brought up."""
    stack = running(workspace)
    processes = {process: name for name, each in stack.components.items() for process in each.processes}
    files = {process: Path(log) for each in stack.components.values() for process, log in each.processes.items()}
    return LocalLogs(files, processes, _secrets(stack))


def _secrets(stack: Running) -> tuple[str, ...]:
    """Return what must not be shown, the longest first: made up secrets, and variables of clients that hold any."""
    told = stack.variables
    try:
        env = stack.client_env()
    except PlatinfraError:  # `up` was interrupted before it came to the clients
        env = {}
    with_secrets = (value for key, value in env.items() if key in told and value != told[key])
    values = {*read_secrets(stack.workspace.root / "secrets.json"), *with_secrets}
    return tuple(sorted((each for each in values if len(each) >= _SHORTEST), key=len, reverse=True))
