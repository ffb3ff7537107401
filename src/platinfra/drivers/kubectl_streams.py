"""What kubectl does for as long as somebody wants it: logs."""

import subprocess
import tempfile
from collections.abc import Iterator, Sequence

from platinfra.drivers import kubernetes_command, kubernetes_problems, terraform_process

_PATIENCE = 5.0
"""Seconds that kubectl has to end."""


def lines(command: Sequence[str], what: str) -> Iterator[str]:
    """Yield what `kubectl logs` writes; it ends with the iterator, and on Linux also when this process is killed."""
    with tempfile.TemporaryFile() as err:
        child = subprocess.Popen(
            [*terraform_process.launcher(), *command],
            env=kubernetes_command.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=err,
            start_new_session=True,
        )
        assert child.stdout
        try:
            for line in child.stdout:
                yield line.decode(errors="replace").rstrip("\n")
            if child.wait() != 0:
                raise kubernetes_problems.action_error(what, terraform_process.content(err), "kubectl-failed")
        finally:
            kubernetes_command.stop(child, _PATIENCE)
