"""Helm behind one interface: the program `helm` where it is installed, else the library of the optional extra."""

from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.drivers.kubernetes_versions import numbers

if TYPE_CHECKING:
    from platinfra.drivers.helm_releases import HelmReleases, Rendering

OVERRIDE = "PLATINFRA_HELM"
LIBRARY = "helm_python"
OLDEST = (3, 19)
"""The first Helm that the charts of the catalogue ask for."""
_INSTALL = (
    "install Helm (https://helm.sh/docs/intro/install), name it in PLATINFRA_HELM, "
    "or install the library: `pip install 'platinfra[helm]'`"
)

_RENDERED: "defaultdict[str, dict[str, Rendering]]" = defaultdict(dict)
"""What each Helm rendered so far in this process, for whatever cluster."""


def find(kubeconfig: Path | None = None, context: str | None = None) -> "HelmReleases":
    """Return the Helm of this machine for a cluster; raise PlatinfraError when there is none that is new enough."""
    from platinfra.drivers import helm_cli
    from platinfra.drivers.helm_releases import HelmReleases

    program = helm_cli.program()
    version = helm_cli.version(program) if program else ""
    if program and numbers(version) >= OLDEST:
        return HelmReleases(helm_cli.HelmProgram(program, kubeconfig, context), rendered=_RENDERED[program])
    if find_spec(LIBRARY) is not None:
        from platinfra.drivers.helm_library import HelmLibrary

        return HelmReleases(HelmLibrary(kubeconfig, context), rendered=_RENDERED[LIBRARY])
    raise _unfit(program, version)


def describe() -> str:
    """Return where Helm is: a program with its version, or the library; raise PlatinfraError when there is none."""
    from platinfra.drivers import helm_cli

    find()
    program = helm_cli.program()
    version = helm_cli.version(program) if program else ""
    return f"{program} {version}" if numbers(version) >= OLDEST else f"the library {LIBRARY}"


def _unfit(program: str | None, version: str) -> PlatinfraError:
    if not program:
        return PlatinfraError(Diagnostic("helm-missing", "Helm is not installed", hint=_INSTALL))
    oldest = ".".join(map(str, OLDEST))
    message = f"`{program}` is {version or 'of no known version'}, and platinfra needs {oldest} or newer"
    return PlatinfraError(Diagnostic("helm-too-old", message, hint=_INSTALL))
