"""Helm by its program: values go through standard input, so that no secret stands in a command line."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from platinfra.drivers import kubernetes_command
from platinfra.drivers.helm import OVERRIDE
from platinfra.drivers.helm_problems import Refused
from platinfra.drivers.kubernetes_versions import numbers
from platinfra.model.cluster import Chart, Release, Revision

_QUICK = 120.0
"""Seconds for what waits for no workload."""
_SPARE = 30
"""Seconds that Helm has beyond its own timeout to note how it ended."""
_STATES = ("--deployed", "--failed", "--pending", "--uninstalling")
_MERGED_BY_SERVER = (4,)
"""The first version that applies on the server."""
KEPT = 10
"""Revisions of a release that stay for a rollback."""


def program() -> str | None:
    """Return the path of helm, None when it is not installed."""
    return kubernetes_command.find_program(OVERRIDE, "helm")


def version(path: str) -> str:
    """Return what helm says of itself, such as `v3.19.0`; empty when it says nothing sensible."""
    ended = kubernetes_command.run([path, "version", "--template", "{{.Version}}"], timeout=20)
    return ended.out.strip() if ended.code == 0 else ""


class HelmProgram:
    """Implements `Engine` with the program."""

    field_manager = "helm"

    def __init__(self, path: str, kubeconfig: Path | None = None, context: str | None = None) -> None:
        """Remember the program and the cluster."""
        self._path, self._commands = path, kubernetes_command.Commands()
        place = ["--kubeconfig", str(kubeconfig)] if kubeconfig else []
        self._cluster = [*place, *(["--kube-context", context] if context else [])]

    def interrupt(self) -> None:
        """Ask what another thread runs to stop; Helm notes that the release failed."""
        self._commands.interrupt()

    def pull(self, chart: Chart, folder: Path) -> None:
        """Put the archive of a chart into a folder."""
        oci = chart.repository.startswith("oci://")
        where = [f"{chart.repository.rstrip('/')}/{chart.name}"] if oci else [chart.name, "--repo", chart.repository]
        self._run(["pull", *where, "--version", chart.version, "--destination", str(folder)])

    def render(self, path: Path, release: Release, kube_version: str, api_versions: Sequence[str]) -> Sequence[str]:
        """Return the rendered text, without a cluster; the program writes no notes."""
        known = [part for each in api_versions for part in ("--api-versions", each)]
        place = ["--namespace", release.namespace, "--values", "-", "--kube-version", kube_version]
        return [self._run(["template", release.name, str(path), *place, *known], release.values)]

    def upgrade(self, path: Path, release: Release, timeout: int, *, on_server: bool) -> None:
        """Install or change a release; before version 4 Helm never leaves the merging to the server."""
        arguments = ["upgrade", release.name, str(path), "--install", "--values", "-", "--history-max", str(KEPT)]
        if not on_server and numbers(version(self._path)) >= _MERGED_BY_SERVER:
            arguments.append("--server-side=false")
        self._ask(arguments, release.namespace, timeout, release.values)

    def rollback(self, name: str, namespace: str, revision: int, timeout: int) -> None:
        """Go back to a revision."""
        self._ask(["rollback", name, str(revision), "--history-max", str(KEPT)], namespace, timeout)

    def uninstall(self, name: str, namespace: str, timeout: int) -> None:
        """Remove a release."""
        self._ask(["uninstall", name, "--ignore-not-found"], namespace, timeout)

    def history(self, name: str, namespace: str) -> Sequence[Revision]:
        """Return the revisions of a release, oldest first."""
        text = self._ask(["history", name, "--max", "256", "--output", "json"], namespace)
        found = [revision_of({**each, "name": name, "namespace": namespace}) for each in json.loads(text or "[]")]
        return tuple(sorted(found, key=lambda each: each.number))

    def list(self, namespace: str) -> Sequence[Revision]:
        """Return the newest revision of each release, in every state but the past ones."""
        text = self._ask(["list", *_STATES, "--max", "1000", "--output", "json"], namespace)
        return tuple(revision_of(each) for each in json.loads(text or "[]"))

    def _ask(
        self, arguments: Sequence[str], namespace: str, timeout: int = 0, values: Mapping[str, Any] | None = None
    ) -> str:
        """Run the program for something in the cluster; with `timeout` it may wait for that many seconds."""
        limit = ["--timeout", f"{timeout}s"] if timeout else []
        command = [*arguments, "--namespace", namespace, *limit, *self._cluster]
        return self._run(command, values, timeout + _SPARE if timeout else _QUICK)

    def _run(self, arguments: Sequence[str], values: Mapping[str, Any] | None = None, timeout: float = _QUICK) -> str:
        """Run the program; JSON is YAML that every parser reads alike."""
        stdin = "" if values is None else json.dumps(values)
        ended = self._commands.run([self._path, *arguments], stdin, timeout)
        if ended.code != 0:
            raise Refused(ended.err.removeprefix("Error: ").strip() or f"helm ended with exit code {ended.code}")
        return ended.out


def revision_of(entry: Mapping[str, Any]) -> Revision:
    """Return a revision as Helm tells of it: the program writes some numbers as texts."""
    return Revision(
        name=str(entry["name"]),
        namespace=str(entry["namespace"]),
        number=int(entry["revision"]),
        status=str(entry["status"]),
        chart=str(entry["chart"]),
    )
