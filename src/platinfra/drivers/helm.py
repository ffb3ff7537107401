"""Helm behind one interface: the program `helm` where it is installed, else the library of the optional extra."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.cluster import Chart, Charts, Release, Revision

OVERRIDE = "PLATINFRA_HELM"
LIBRARY = "helm_python"
OLDEST = (3, 19)
"""The first Helm that the charts of the catalogue ask for."""
_INSTALL = (
    "install Helm (https://helm.sh/docs/intro/install), name it in PLATINFRA_HELM, "
    "or install the library: `pip install 'platinfra[helm]'`"
)


class Helm(Charts, Protocol):
    """
    Charts and releases.

    A chart's repository is the address of one, `oci://...`, or the absolute path of a folder with charts in it.
    Everything raises PlatinfraError while nothing was changed, and ActionError when a change failed.
    """

    def interrupt(self) -> None:
        """Ask what another thread runs to stop gracefully; it raises ActionError there."""

    def fetch(self, chart: Chart) -> Path:
        """Return the archive or the folder of a chart; an archive is kept, and refused when it differs another time."""

    def values_of(self, chart: Chart) -> Mapping[str, Any]:
        """Return the default values of a chart."""

    def schema_of(self, chart: Chart) -> Mapping[str, Any] | None:
        """Return the schema of a chart's values, None when it has none."""

    def template(self, release: Release, kube_version: str, api_versions: Sequence[str]) -> list[dict[str, Any]]:
        """
        Return the objects that a release consists of, hooks included, tests and `crds` left out.

        `api_versions` are what the cluster knows, both as `group/version` and as `group/version/Kind`.
        """

    def recover(self, name: str, namespace: str) -> Revision | None:
        """
        End an operation that died with whoever ran it; do nothing when none did.

        The release goes back to its last deployed revision, or away when it never had one. Returns what is there then.
        """

    def history(self, name: str, namespace: str) -> Sequence[Revision]:
        """Return the revisions of a release that Helm keeps, oldest first."""

    def list(self, namespace: str) -> Sequence[Revision]:
        """Return the newest revisions of what is installed in a namespace, in whatever state."""


def find(kubeconfig: Path | None = None, context: str | None = None) -> Helm:
    """Return the Helm of this machine for a cluster; raise PlatinfraError when there is none that is new enough."""
    from platinfra.drivers import helm_cli
    from platinfra.drivers.helm_releases import HelmReleases

    program = helm_cli.program()
    version = helm_cli.version(program) if program else ""
    if program and helm_cli.numbers(version) >= OLDEST:
        return HelmReleases(helm_cli.HelmProgram(program, kubeconfig, context))
    if find_spec(LIBRARY) is not None:
        from platinfra.drivers.helm_library import HelmLibrary

        return HelmReleases(HelmLibrary(kubeconfig, context))
    raise _unfit(program, version)


def describe() -> str:
    """Return where Helm is: a program with its version, or the library; raise PlatinfraError when there is none."""
    from platinfra.drivers import helm_cli

    find()
    program = helm_cli.program()
    version = helm_cli.version(program) if program else ""
    return f"{program} {version}" if helm_cli.numbers(version) >= OLDEST else f"the library {LIBRARY}"


def _unfit(program: str | None, version: str) -> PlatinfraError:
    if not program:
        return PlatinfraError(Diagnostic("helm-missing", "Helm is not installed", hint=_INSTALL))
    oldest = ".".join(map(str, OLDEST))
    message = f"`{program}` is {version or 'of no known version'}, and platinfra needs {oldest} or newer"
    return PlatinfraError(Diagnostic("helm-too-old", message, hint=_INSTALL))
