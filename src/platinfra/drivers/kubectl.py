"""The program kubectl, for what people look at for a while: logs; `open` and `exec` name it in their commands."""

import re
from collections.abc import Iterator
from pathlib import Path

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.drivers import kubectl_streams, kubernetes_command, kubernetes_versions
from platinfra.model.cluster import ObjectRef

OVERRIDE = "PLATINFRA_KUBECTL"
_OLDEST = (1, 27)
_INSTALL = "install kubectl (https://kubernetes.io/docs/tasks/tools), or name it in PLATINFRA_KUBECTL"


class Kubectl:
    """One cluster; the program is looked for when it is needed."""

    def __init__(self, context: str | None = None, kubeconfig: Path | None = None) -> None:
        """Remember the context, the current one where none is named."""
        self._place = [
            *(["--kubeconfig", str(kubeconfig)] if kubeconfig else []),
            *(["--context", context] if context else []),
        ]

    def logs(
        self, ref: ObjectRef, *, follow: bool = False, container: str = "", tail: int | None = None
    ) -> Iterator[str]:
        """Yield the lines of a workload's log; `follow` goes on until the iterator is closed."""
        target = [f"{_resource_of(ref)}/{ref.name}", *(["--namespace", ref.namespace] if ref.namespace else [])]
        options = [*(["--container", container] if container else []), f"--follow={follow}".lower()]
        options += [f"--tail={tail}"] if tail is not None else []
        command = [find(), "logs", *target, *options, *self._place]
        return kubectl_streams.lines(command, f"reading the log of {ref}")


def find() -> str:
    """Return the path of kubectl; raise PlatinfraError when there is none that is new enough."""
    path = kubernetes_command.find_program(OVERRIDE, "kubectl")
    if path is None:
        raise PlatinfraError(Diagnostic("kubectl-missing", "kubectl is not installed", hint=_INSTALL))
    ended = kubernetes_command.run([path, "version", "--client", "--output", "json"], timeout=20)
    found = re.search(r'"gitVersion":\s*"v(\d+\.\d+)', ended.out)
    if not found or kubernetes_versions.numbers(found[1]) < _OLDEST:
        version = found[1] if found else "of no known version"
        message = f"`{path}` is {version}, and platinfra needs {'.'.join(map(str, _OLDEST))} or newer"
        raise PlatinfraError(Diagnostic("kubectl-too-old", message, hint=_INSTALL))
    return path


def _resource_of(ref: ObjectRef) -> str:
    """Return the kind of an object as kubectl takes it without doubt: `Deployment.v1.apps`."""
    group, _, version = ref.api_version.rpartition("/")
    return f"{ref.kind}.{version}.{group}"
