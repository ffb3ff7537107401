"""Helm by its program: values go through standard input, so that no secret stands in a command line."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from platinfra.drivers import kubernetes_command
from platinfra.drivers.helm import OVERRIDE
from platinfra.drivers.helm_problems import Refused
from platinfra.model.cluster import Chart, Release, Revision

_QUICK = 120.0
"""Seconds for what waits for no workload."""
_SPARE = 30
"""Seconds that Helm has beyond its own timeout to note how it ended."""
_STATES = ("--deployed", "--failed", "--pending", "--uninstalling")
_KEPT = 10
"""Revisions of a release that stay for a rollback."""


def program() -> str | None:
    """Return the path of helm, None when it is not installed."""
    return kubernetes_command.find_program(OVERRIDE, "helm")


def version(path: str) -> str:
    """Return what helm says of itself, such as `v3.19.0`; empty when it says nothing sensible."""
    ended = kubernetes_command.run([path, "version", "--template", "{{.Version}}"], timeout=20)
    return ended.out.strip() if ended.code == 0 else ""


def numbers(text: str) -> tuple[int, ...]:
    """Return the first two numbers of a version."""
    found = re.match(r"v?(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else ()


def pull_arguments(chart: Chart, folder: Path) -> list[str]:
    """Return the arguments that fetch a chart."""
    options = ["--version", chart.version, "--destination", str(folder)]
    if chart.repository.startswith("oci://"):
        return ["pull", f"{chart.repository.rstrip('/')}/{chart.name}", *options]
    return ["pull", chart.name, "--repo", chart.repository, *options]


def template_arguments(path: Path, release: Release, kube_version: str, api_versions: Sequence[str]) -> list[str]:
    """Return the arguments that render a release without a cluster; the values are read from standard input."""
    known = [part for each in api_versions for part in ("--api-versions", each)]
    place = ["--namespace", release.namespace, "--values", "-"]
    return ["template", release.name, str(path), *place, "--kube-version", kube_version, *known]


def upgrade_arguments(path: Path, release: Release, timeout: int) -> list[str]:
    """Return the arguments that install or change a release; the values are read from standard input."""
    options = ["--install", "--values", "-", "--timeout", f"{timeout}s", "--history-max", str(_KEPT)]
    return ["upgrade", release.name, str(path), "--namespace", release.namespace, *options]


def rollback_arguments(name: str, namespace: str, revision: int, timeout: int) -> list[str]:
    """Return the arguments that go back to a revision."""
    options = ["--namespace", namespace, "--timeout", f"{timeout}s", "--history-max", str(_KEPT)]
    return ["rollback", name, str(revision), *options]


def uninstall_arguments(name: str, namespace: str, timeout: int) -> list[str]:
    """Return the arguments that remove a release."""
    return ["uninstall", name, "--namespace", namespace, "--ignore-not-found", "--timeout", f"{timeout}s"]


def history_arguments(name: str, namespace: str) -> list[str]:
    """Return the arguments that list the revisions of a release."""
    return ["history", name, "--namespace", namespace, "--max", "256", "--output", "json"]


def list_arguments(namespace: str) -> list[str]:
    """Return the arguments that list releases in every state but the past ones."""
    return ["list", "--namespace", namespace, *_STATES, "--max", "1000", "--output", "json"]


def parsed_history(text: str, name: str, namespace: str) -> tuple[Revision, ...]:
    """Read the output of `helm history`."""
    found = [_revision({**each, "name": name, "namespace": namespace}) for each in json.loads(text or "[]")]
    return tuple(sorted(found, key=lambda each: each.number))


def parsed_list(text: str) -> tuple[Revision, ...]:
    """Read the output of `helm list`, which writes numbers as texts."""
    return tuple(_revision(each) for each in json.loads(text or "[]"))


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
        self._run(pull_arguments(chart, folder))

    def render(self, path: Path, release: Release, kube_version: str, api_versions: Sequence[str]) -> Sequence[str]:
        """Return the rendered text; the program writes no notes."""
        return [self._run(template_arguments(path, release, kube_version, api_versions), release.values)]

    def upgrade(self, path: Path, release: Release, timeout: int) -> None:
        """Install or change a release."""
        arguments = [*upgrade_arguments(path, release, timeout), *self._cluster]
        self._run(arguments, release.values, timeout + _SPARE)

    def rollback(self, name: str, namespace: str, revision: int, timeout: int) -> None:
        """Go back to a revision."""
        arguments = [*rollback_arguments(name, namespace, revision, timeout), *self._cluster]
        self._run(arguments, timeout=timeout + _SPARE)

    def uninstall(self, name: str, namespace: str, timeout: int) -> None:
        """Remove a release."""
        self._run([*uninstall_arguments(name, namespace, timeout), *self._cluster], timeout=timeout + _SPARE)

    def history(self, name: str, namespace: str) -> Sequence[Revision]:
        """Return the revisions of a release, oldest first."""
        return parsed_history(self._run([*history_arguments(name, namespace), *self._cluster]), name, namespace)

    def list(self, namespace: str) -> Sequence[Revision]:
        """Return the newest revision of each release."""
        return parsed_list(self._run([*list_arguments(namespace), *self._cluster]))

    def _run(self, arguments: Sequence[str], values: Mapping[str, Any] | None = None, timeout: float = _QUICK) -> str:
        """Run the program; JSON is YAML that every parser reads alike."""
        stdin = "" if values is None else json.dumps(values)
        ended = self._commands.run([self._path, *arguments], stdin, timeout)
        if ended.code != 0:
            raise Refused(ended.err.removeprefix("Error: ").strip() or f"helm ended with exit code {ended.code}")
        return ended.out


def _revision(entry: Mapping[str, Any]) -> Revision:
    return Revision(
        name=str(entry["name"]),
        namespace=str(entry["namespace"]),
        number=int(entry["revision"]),
        status=str(entry["status"]),
        chart=str(entry["chart"]),
        app_version=str(entry.get("app_version", "")),
    )
