"""What kubectl does for as long as somebody wants it: logs."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from typing import IO

from platinfra.drivers import kubernetes_command, kubernetes_problems, terraform_launcher

_PATIENCE = 5.0
"""Seconds that kubectl has to end."""


def lines(command: Sequence[str], what: str) -> Iterator[str]:
    """Yield what `kubectl logs` writes; it ends with the iterator."""
    with tempfile.TemporaryFile() as err, _child(command, err) as child:
        assert child.stdout
        for line in child.stdout:
            yield line.decode(errors="replace").rstrip("\n")
        if child.wait() != 0:
            raise kubernetes_problems.action_error(what, _content(err), "kubectl-failed")


@contextlib.contextmanager
def _child(command: Sequence[str], err: IO[bytes]) -> "Iterator[subprocess.Popen[bytes]]":
    """Run a program that is interrupted with the block, and on Linux also when this process is killed."""
    launcher = [sys.executable, "-I", "-S", terraform_launcher.__file__, str(os.getpid())]
    child = subprocess.Popen(
        [*launcher, *command],
        env=kubernetes_command.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=err,
        start_new_session=True,
    )
    try:
        yield child
    finally:
        _end(child)


def _end(child: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        child.send_signal(signal.SIGINT)
    try:
        child.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    if child.stdout:
        child.stdout.close()


def _content(file: IO[bytes]) -> str:
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode(errors="replace")
