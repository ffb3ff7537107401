"""What this machine lacks for a stack, with the command that mends it."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from platinfra.app import local
from platinfra.app.kubernetes.place import is_in_cluster
from platinfra.app.plan import Planned, prepare
from platinfra.app.workspace import DEFAULT_FILE, Workspace, at, cache_folder
from platinfra.diagnostics import PlatinfraError

_DISK = 6 * 1024**3
"""Bytes that environments and downloads of a full local stack take."""
_MEMORY = 3 * 1024**3
"""Bytes that the servers of a full local stack take."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    ok: bool
    detail: str
    remedy: str = ""


def doctor(file: Path | None, environment: str | None) -> list[Finding]:
    """Look at this machine, and at the stack's needs when there is a stack file."""
    return [*_machine(), *_stack(file, environment)]


def _machine() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", sys.version_info >= (3, 11), version, "install Python 3.11 or newer")
    yield Finding(
        "system",
        sys.platform == "linux",
        sys.platform,
        "platinfra is tested on Linux; elsewhere processes that leave their session may stay behind",
    )
    yield _uv()
    if os.geteuid() == 0:
        found = shutil.which("setpriv")
        yield Finding(
            "setpriv",
            found is not None,
            found or "missing: Postgres refuses to run as root",
            "apt-get install util-linux",
        )
    yield from _room()


def _uv() -> Finding:
    from uv import find_uv_bin

    try:
        return Finding("uv", ok=True, detail=find_uv_bin())
    except FileNotFoundError:
        return Finding("uv", ok=False, detail="missing", remedy="pip install uv")


def _room() -> Iterator[Finding]:
    cache = cache_folder()
    folder = next(each for each in (cache, *cache.parents) if each.exists())
    free = shutil.disk_usage(folder).free
    yield Finding(
        "disk",
        free >= _DISK,
        f"{free / 1024**3:.1f} GiB free for {cache}",
        "free some space, or set PLATINFRA_CACHE_DIR and UV_CACHE_DIR",
    )
    import psutil

    available = psutil.virtual_memory().available
    yield Finding(
        "memory",
        available >= _MEMORY,
        f"{available / 1024**3:.1f} GiB available",
        "stop other programs, or leave tools out with `--without`",
    )


def _stack(file: Path | None, environment: str | None) -> Iterator[Finding]:
    workspace = at(file, environment)
    if file is None and not workspace.file.is_file():
        yield Finding("stack", ok=True, detail=f"no {DEFAULT_FILE} here", remedy="")
        return
    try:
        planned = prepare(workspace)
    except PlatinfraError as error:
        for each in error.diagnostics:
            yield Finding("stack", ok=False, detail=each.message, remedy=each.hint or "")
        return
    target = planned.resolved.graph.target
    if target == "aws":
        yield from _aws(planned)
    if is_in_cluster(planned.resolved):
        yield from _in_cluster(planned)
    if target != "local":
        return
    yield Finding(
        "stack", ok=True, detail=f"{planned.resolved.graph.stack}: {len(planned.resolved.graph.components)} components"
    )
    yield from _ports(workspace, planned.ports)


def _aws(planned: Planned) -> Iterator[Finding]:
    """Look at what `up` on AWS needs here; the account itself is looked at by `up`."""
    from platinfra.app.aws.stack import values_of
    from platinfra.drivers.aws_credentials import find_credentials
    from platinfra.drivers.terraform import find

    place = values_of(planned.resolved, planned.catalog).place
    yield Finding(
        "stack", ok=True, detail=f"{place.stack}: {place.kind} in {place.region.name}, account {place.account}"
    )
    yield _found("terraform", lambda: " ".join(map(str, find())))
    found = find_credentials()
    yield Finding(
        "credentials",
        found,
        "set up" if found else "there are no AWS credentials",
        "log in with `aws sso login` or `aws configure`, or set AWS_PROFILE",
    )


def _in_cluster(planned: Planned) -> Iterator[Finding]:
    """Look at what a stack in a cluster needs here, and whether its cluster answers."""
    from platinfra.app.kubernetes.made import program_of
    from platinfra.app.kubernetes.stack import bundle_of
    from platinfra.drivers import helm, kubectl
    from platinfra.drivers.containers import Containers
    from platinfra.drivers.made_clusters import MadeCluster
    from platinfra.targets.kubernetes.images import images

    resolved = planned.resolved
    bundle = bundle_of(resolved, planned.catalog)
    if resolved.graph.target == "kubernetes":
        yield Finding("stack", ok=True, detail=f"{bundle.place.stack}: {len(resolved.graph.components)} components")
    yield _found("helm", helm.describe)
    program = program_of(resolved)
    if program:
        yield _found(program, lambda: MadeCluster(program, "", planned.workspace.root).program)
    if resolved.graph.target == "kubernetes" and not program:
        context = resolved.file.provider.context
        yield _found("cluster", lambda: f"Kubernetes {kubectl.Kubectl(context).server_version()}")
    else:
        yield _found("kubectl", kubectl.find)
    if images(bundle.values):
        yield _found("container engine", lambda: Containers().program)


def _found(subject: str, look: Callable[[], str]) -> Finding:
    """Return what was found, or what is missing and how to get it."""
    try:
        return Finding(subject, ok=True, detail=look())
    except PlatinfraError as error:
        first = error.diagnostics[0]
        return Finding(subject, ok=False, detail=first.message, remedy=first.hint or "")


def _ports(workspace: Workspace, ports: dict[str, int]) -> Iterator[Finding]:
    usable = local.still_usable(workspace, ports)
    for name, port in ports.items():
        remedy = "stop what holds it, or run `platinfra up --move-ports`"
        yield Finding(f"port {port}", name in usable, f"{name}: {'usable' if name in usable else 'taken'}", remedy)
