"""Run kubectl or helm: what they read comes by standard input, and they end with the command that wanted them."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from platinfra.diagnostics import ActionError, Diagnostic

_LOG_LINE = re.compile(r"^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ [^\s\]]+\] ?", re.MULTILINE)
"""How the log lines begin that kubectl and Helm write beside what they have to say."""
_PATIENCE = 30.0
"""Seconds that an interrupted program has to finish what is under way."""
_PAUSE = 0.1
_TIMED_OUT = 124
"""Exit code, as timeout(1) has it."""
_KEPT = frozenset(
    (
        *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "KUBECONFIG", "KUBECACHEDIR"),
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "GOOGLE_APPLICATION_CREDENTIALS", "DOCKER_CONFIG"),
    )
)
_KEPT_STARTS = ("AWS_", "XDG_", "CLOUDSDK_", "AZURE_", "OCI_", "HELM_REGISTRY_", "HELM_CACHE_", "HELM_CONFIG_")
"""What programs that fetch tokens for a cluster need, and where Helm keeps its logins."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended, and what it wrote."""

    code: int
    out: str
    err: str


def environment() -> dict[str, str]:
    """Return the part of the caller's environment that kubectl, helm and their token programs need."""
    return {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(_KEPT_STARTS)}


def find_program(override: str, program: str) -> str | None:
    """Return the path of a program: the one that the variable `override` names, or the first on PATH."""
    found = shutil.which(os.environ.get(override) or program)
    return os.path.abspath(found) if found else None


class Commands:
    """Runs programs to their ends, and remembers which of them run."""

    def __init__(self) -> None:
        """Begin with none."""
        self._running: dict[subprocess.Popen[bytes], bool] = {}
        self._lock = Lock()

    def run(
        self, command: Sequence[str], stdin: str = "", timeout: float = 60.0, env: Mapping[str, str] | None = None
    ) -> Ended:
        """
        Run a program for at most `timeout` seconds; the code is 124 when it did not end by itself.

        It gets the variables `env`, or what `environment` returns.
        It runs in a session of its own: an interrupt of the user reaches it once, as a request to stop gracefully.
        Raises ActionError when it cannot be started, and after `interrupt`.
        """
        child = start(command, env)
        with self._lock:
            self._running[child] = False
        try:
            ended = _finish(child, stdin, timeout)
        finally:
            with self._lock:
                interrupted = self._running.pop(child)
        if interrupted:
            message = f"`{os.path.basename(command[0])}` was interrupted"
            raise ActionError(Diagnostic("interrupted", message, hint="run the command again"))
        return ended

    def interrupt(self) -> None:
        """Ask the programs that other threads wait for to stop gracefully; `run` raises ActionError there."""
        with self._lock:
            for child in self._running:
                self._running[child] = True
                _signal(child)


def run(command: Sequence[str], stdin: str = "", timeout: float = 60.0) -> Ended:
    """Run a program to its end as `Commands` does."""
    return Commands().run(command, stdin, timeout)


def without_log(text: str) -> str:
    """Return a text without its log lines; only their heads go where it has nothing else."""
    rest = [line for line in text.splitlines(keepends=True) if not _LOG_LINE.match(line)]
    return "".join(rest) if "".join(rest).strip() else _LOG_LINE.sub("", text)


def start(command: Sequence[str], env: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
    """Start a program whose input and output are pipes; it gets `env`, or what `environment` returns."""
    try:
        return subprocess.Popen(
            command,
            env=environment() if env is None else env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        message = f"cannot run `{command[0]}`: {error.strerror or error}"
        raise ActionError(Diagnostic("command-failed", message)) from error


def stop(child: "subprocess.Popen[bytes]", patience: float = _PATIENCE) -> tuple[bytes, bytes]:
    """Ask a program to stop, kill it and what it started when it does not, and return what it had written."""
    _signal(child, signal.SIGINT if patience else signal.SIGKILL)
    deadline = time.monotonic() + patience
    try:
        while child.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.communicate(timeout=_PAUSE)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    return _rest(child)


def _finish(child: "subprocess.Popen[bytes]", stdin: str, timeout: float) -> Ended:
    try:
        out, err = child.communicate(stdin.encode(), timeout)
    except subprocess.TimeoutExpired:
        out, err = stop(child, 0.0)
        return Ended(_TIMED_OUT, _text(out), _text(err) or f"no answer within {timeout:g} s")
    except BaseException:
        stop(child)
        raise
    return Ended(child.returncode, _text(out), without_log(_text(err)))


def _signal(child: "subprocess.Popen[bytes]", number: int = signal.SIGINT) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.send_signal(number)


def _rest(child: "subprocess.Popen[bytes]") -> tuple[bytes, bytes]:
    """Return what is left in the pipes; another process may still hold them open."""
    with contextlib.suppress(subprocess.TimeoutExpired, ValueError):
        out, err = child.communicate(timeout=_PAUSE)
        return out or b"", err or b""
    return b"", b""


def _text(content: bytes) -> str:
    return content.decode(errors="replace")
