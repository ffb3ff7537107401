"""Put the plan of this machine and the drivers together."""

import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from platinfra.catalog.catalog import Catalog
from platinfra.diagnostics import Diagnostic
from platinfra.drivers.cache import cache_folder
from platinfra.drivers.loopback import direct_to_loopback
from platinfra.facts.table import beside
from platinfra.model.graph import Graph
from platinfra.model.record import ActionRecord
from platinfra.model.workspace import Workspace
from platinfra.targets.local import data_version
from platinfra.targets.local.facts import Machine, locks, wanted_ports
from platinfra.targets.local.layout import Layout
from platinfra.targets.local.programs import search_path
from platinfra.targets.local.record import LocalRecord
from platinfra.targets.local.verbs import existing

if TYPE_CHECKING:
    from platinfra.drivers.audit_log import AuditLog
    from platinfra.drivers.environment import UvEnvironments
    from platinfra.drivers.process import LocalProcesses
    from platinfra.drivers.record_file import RecordFile
    from platinfra.model.ports import Listener, ProcessStatus, Secrets, World

_SECRET_STORE = "secret_store"  # noqa: S105
"""The capability of where secrets lie, when they do not lie in a file."""
_STORE = "secret-store.json"
"""Names the place in AWS where the secrets lie, when they do not lie in a file."""
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_TELEMETRY_OFF = {"DO_NOT_TRACK": "1"}


def environments() -> "UvEnvironments":
    """Return the virtual environments of this machine."""
    from platinfra.drivers.environment import UvEnvironments

    return UvEnvironments(cache_folder(), offline=os.environ.get("UV_OFFLINE", "").lower() in {"1", "true"})


def processes(workspace: Workspace) -> "LocalProcesses":
    """Return the processes of a stack."""
    from platinfra.drivers.process import LocalProcesses

    return LocalProcesses(workspace.root)


def world(workspace: Workspace) -> "World":
    """Return everything that the actions of a stack may touch."""
    from platinfra.drivers.files import LocalFiles
    from platinfra.drivers.http import HttpProbes
    from platinfra.drivers.reservations import StackSockets
    from platinfra.model.ports import World

    return World(
        processes=processes(workspace),
        environments=environments(),
        probes=HttpProbes(),
        sockets=StackSockets(workspace.root),
        secrets=secrets(workspace),
        files=LocalFiles(),
    )


def secrets(workspace: Workspace) -> "Secrets":
    """Return the stack's secrets; where they are lost and data exists, that is an error and not a fresh start."""
    from platinfra.drivers.credential_file import WithCredentials

    return WithCredentials(_made_up_secrets(workspace), existing.credentials(workspace))


def _made_up_secrets(workspace: Workspace) -> "Secrets":
    """Return the secrets that platinfra makes up."""
    from platinfra.drivers.secret_file import SecretFile

    store = workspace.root / _STORE
    if store.is_file():
        from platinfra.drivers.secret_store import SecretStore

        return SecretStore(**json.loads(store.read_text()))
    return SecretFile(workspace.root / "secrets.json", workspace.root / "components")


def begin_secrets(workspace: Workspace, graph: Graph, catalog: Catalog) -> None:
    """Decide where the secrets of a new stack lie, before it has any data; that lasts as long as its data."""
    from platinfra.drivers.files import LocalFiles

    if any((workspace.root / each).exists() for each in ("secrets.json", _STORE, "components")):
        return
    stores = [each for each in graph.components.values() if _SECRET_STORE in catalog.get(each.tool).provides]
    if not stores:
        LocalFiles().write(workspace.root / "secrets.json", "{}")
    for each in stores[:1]:
        where = {name: each.settings[name] for name in ("prefix", "region")}
        LocalFiles().write(workspace.root / _STORE, json.dumps(where))


def passed_environment(*, aws: bool = False) -> dict[str, str]:
    """Return what every process gets from the user's environment, with the switches against telemetry and proxies here."""
    known = beside(__file__)
    names = (*known["passed"], *known["aws"]) if aws else known["passed"]
    inherited = {name: os.environ[name] for name in names if name in os.environ and not _is_socks(name)}
    found = _aws_files() if aws else {}
    return {"UV_CACHE_DIR": _uv_cache(), **found, **inherited, **direct_to_loopback(os.environ), **_TELEMETRY_OFF}


def _is_socks(name: str) -> bool:
    """Tell whether a variable names a SOCKS proxy for everything: Python's httpx ends at the sight of it where no package for SOCKS is installed."""
    return name.lower() == "all_proxy" and os.environ[name].startswith("socks")


def reaches_aws(tools: Iterable[str], catalog: Catalog) -> bool:
    """Tell whether a stack of these tools names services of AWS, so that its processes need credentials."""
    found = [catalog.find(each) for each in tools]
    return any(each.run.aws is not None and each.run.aws.machine_settings for each in found if each)


def _aws_files() -> dict[str, str]:
    """Return the user's own AWS configuration, which processes do not find: they have another HOME."""
    folder = Path.home() / ".aws"
    files = {"AWS_CONFIG_FILE": folder / "config", "AWS_SHARED_CREDENTIALS_FILE": folder / "credentials"}
    return {name: str(file) for name, file in files.items() if file.is_file()}


def _uv_cache() -> str:
    if given := os.environ.get("UV_CACHE_DIR"):
        return given
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return str(Path(base) / "uv")


def machine(workspace: Workspace, graph: Graph, catalog: Catalog, ports: Mapping[str, int]) -> Machine:
    """Return what the plan has to know of this machine."""
    venvs = environments()
    return Machine(
        layout=Layout(workspace.root),
        project=workspace.folder,
        ports=ports,
        environments={tool: venvs.location(lock) for tool, lock in locks(graph, catalog).items()},
        path=search_path(),
        passed=passed_environment(aws=reaches_aws((each.tool for each in graph.components.values()), catalog)),
        python=PYTHON,
        editions=existing.editions(workspace, graph),
        data=data_versions(workspace, graph, catalog),
        interpreter=os.path.realpath(sys.executable),
    )


def data_versions(workspace: Workspace, graph: Graph, catalog: Catalog) -> dict[str, data_version.DataVersion]:
    """Return the version that the data of each component is of whose tool has more than one."""
    from platinfra.drivers.files import LocalFiles

    layout, files = Layout(workspace.root), LocalFiles()
    recipes = ((each.name, catalog.get(each.tool).run.local) for each in graph.components.values())
    return {
        name: data_version.read(files, layout.data_version(name)) for name, each in recipes if each and each.version
    }


def assigned_ports(
    workspace: Workspace, graph: Graph, catalog: Catalog, kept: Mapping[str, int], *, reserved: bool
) -> dict[str, int]:
    """
    Return a port for every endpoint: the kept one, else the usual one, else the next that is free.

    What stacks that are up have is not free. When `reserved`, those that start at the same time leave them to this one.
    """
    from platinfra.drivers.port import assign
    from platinfra.drivers.reservations import kept_by_others, reserve

    wanted = wanted_ports(graph, catalog)
    known = kept.keys() >= wanted.keys() or not workspace.root.is_dir()
    own = frozenset() if known else frozenset(each.pid for each in _own_listeners(workspace))

    def choose(avoid: frozenset[int]) -> dict[str, int]:
        return assign(wanted, kept, own, avoid)

    return reserve(choose, workspace.root) if reserved else choose(frozenset(kept_by_others(workspace.root)))


def still_usable(workspace: Workspace, ports: Mapping[str, int]) -> dict[str, int]:
    """Return the ports that nothing but the stack itself listens on."""
    from platinfra.drivers.port import is_free
    from platinfra.drivers.reservations import kept_by_others

    own, others = {each.port for each in _own_listeners(workspace)}, kept_by_others(workspace.root)
    return {name: port for name, port in ports.items() if port in own or (port not in others and is_free(port))}


def _own_listeners(workspace: Workspace) -> list["Listener"]:
    """Return what the processes of the stack listen on: those ports are the stack's to keep."""
    own = processes(workspace)
    return [listener for name in own.statuses() for listener in own.listeners(name)]


def audit_log(workspace: Workspace) -> "AuditLog":
    """Return the log of who changed the stack."""
    from platinfra.drivers.audit_log import AuditLog

    return AuditLog(workspace.root)


def record_file(workspace: Workspace) -> "RecordFile[LocalRecord]":
    """Return the file of what is written down of a stack."""
    from platinfra.drivers.record_file import RecordFile

    return RecordFile(workspace.root, LocalRecord)


def load_record(workspace: Workspace) -> tuple[LocalRecord, Diagnostic | None]:
    """Return what is written down of a stack, and a warning when it had to be recovered."""
    if not workspace.root.is_dir():
        return LocalRecord(), None
    file = record_file(workspace)
    return file.load(), file.recovered


def with_strays(record: LocalRecord, statuses: Mapping[str, "ProcessStatus"]) -> LocalRecord:
    """Return the record with the processes that run without being in it: the record they came from is lost."""
    strays = {f"start:{name}": name for name in statuses if f"start:{name}" not in record.applied}
    for key, name in strays.items():
        stray = ActionRecord("start", name.partition(".")[0], "", {"process": name}, pending=True)
        record = record.with_applied(key, stray)
    return record


def read_ports(workspace: Workspace) -> dict[str, int]:
    """Return the ports given out so far; they lie in a file of their own and outlive a lost state."""
    try:
        data = json.loads((workspace.root / "ports.json").read_text())
        return {str(key): int(value) for key, value in data.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
