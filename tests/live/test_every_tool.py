"""
Every tool that runs on a machine, alone with what it needs: installed, started, proved, killed with its helpers one by one, stopped.

With PLATINFRA_RECORD set each test writes what it found and measured into docs/measured, from which `make docs` makes
docs/reference/tools.md. `make live TOOL=NAME` does it for one tool.
"""

import json
import os
import platform
import re
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from platinfra.catalog.catalog import Catalog
from platinfra.drivers.cache import cache_folder
from platinfra.drivers.environment import UvEnvironments
from platinfra.drivers.program_version import read_version
from platinfra.targets.local.programs import find_program, search_path
from platinfra.targets.local.verbs.machine import environments
from tests.environments import ON_MACHINE, alone_on_machine, resolve_clients
from tests.stacks import graph_of

from .programs import need_programs
from .proxy import proxy
from .stack import CATALOG as FOLDERS
from .stack import Stack, eventually, lives

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(900)]
MEASURED = Path(__file__).parents[2] / "docs" / "measured"
LONG = 300
"""Seconds that a command may take."""
RECOVERY = 120
"""Seconds for a killed process to be back, on a machine that runs other tests too."""
LOOK = 6
"""Seconds in which the supervisor has looked where a program listens."""
FINE = {"healthy", "waiting"}
"""`waiting`: a model server whose model is not registered yet."""


@dataclass
class Record:
    """What was found of one tool."""

    tool: str
    version: str
    on: str
    machine: str
    install_seconds: float = 0
    """From wheels that were downloaded before."""
    start_seconds: float = 0
    memory_mb: int = 0
    """Proportional set size of all its processes."""
    checked: list[str] = field(default_factory=list)
    not_proved: list[str] = field(default_factory=list)
    killed: dict[str, float] = field(default_factory=dict)
    """Process, or process and what it started, to the seconds until the component was healthy again."""
    stop_seconds: float = 0


@dataclass
class Watch:
    """Looks at the connections of a stack's processes, a few times in a second."""

    stack: Stack
    outside: set[str] = field(default_factory=set)
    open_to_others: set[str] = field(default_factory=set)
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.ended.wait(0.3):
            with suppress(psutil.Error):  # processes come and go
                family = self.stack.family()
                for each in psutil.net_connections("inet"):
                    if each.pid in family:
                        self.see(each)

    def see(self, each: Any) -> None:
        if each.status == "LISTEN" and not _is_loopback(each.laddr.ip):
            self.open_to_others.add(f"{each.laddr.ip}:{each.laddr.port}")
        if each.raddr and not _is_loopback(each.raddr.ip):
            self.outside.add(f"{each.raddr.ip}:{each.raddr.port}")


def _is_loopback(host: str) -> bool:
    return host.removeprefix("::ffff:").startswith("127.") or host == "::1"


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """Return a stack whose commands have a HOME and a folder of temporary files of their own."""
    made = Stack(tmp_path / "stack")
    for name in ("home", "temporary"):
        (tmp_path / name).mkdir()
    made.env |= {
        "HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path / "temporary"),
        "PLATINFRA_CACHE_DIR": str(cache_folder()),
        "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache" / "uv"),
    }
    yield made
    made.end()


@pytest.mark.parametrize("name", ON_MACHINE)
def test_it_installs_starts_is_proved_comes_back_and_goes(name: str, stack: Stack, tmp_path: Path) -> None:
    need_programs(name)
    stack.file.write_text(alone_on_machine(name))
    resolve_clients(environments(), stack.file.read_text())
    for each in graph_of(stack.file.read_text()).components.values():  # under ports that no other test uses
        stack.catalog(each.tool)
    found = Record(name, version_of(name), datetime.now(UTC).date().isoformat(), machine())
    found.install_seconds = install(name, tmp_path)
    watch = Watch(stack)
    thread = threading.Thread(target=watch.run, daemon=True)
    thread.start()
    try:
        with proxy() as (address, asked):
            stack.env |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), address)
            exercise(name, stack, found)
    finally:
        watch.ended.set()
        thread.join()
    assert asked == [], "nothing is asked of servers outside"
    assert watch.outside == set()
    assert watch.open_to_others == set()
    assert outside_of_the_stack(tmp_path) == []
    if os.environ.get("PLATINFRA_RECORD"):
        MEASURED.mkdir(exist_ok=True)
        (MEASURED / f"{name}.json").write_text(json.dumps(asdict(found), indent=1) + "\n")


def exercise(name: str, stack: Stack, found: Record) -> None:
    """Bring a stack up, prove it, kill each process of the tool, prove it again, and stop it."""
    up = stack.run("up", within=LONG)
    assert up.code == 0, up.text
    assert are_fine(stack), stack.status()
    again = stack.run("down", within=LONG)
    assert again.code == 0, again.text
    up = stack.run("up", within=LONG)  # everything is installed now
    assert up.code == 0, up.text
    found.start_seconds = ready_after(name, up.text)
    stack.usual |= set(stack.ports().values())
    found.checked, found.not_proved = proofs(stack)
    found.memory_mb = memory_of(name, stack)
    for process in [each for each in stack.programs() if each.startswith(f"{name}.")]:
        own = process.partition(".")[2]
        for helper in helpers(process, stack):
            if (took := helper_comes_back(process, helper, stack)) is not None:
                found.killed[f"{own}, {helper}"] = took
        found.killed[own] = come_back(process, stack)
    if found.killed:
        assert proofs(stack)[0] == found.checked
    down = stack.run("down", within=LONG)
    assert down.code == 0, down.text
    found.stop_seconds = round(down.seconds, 1)
    stack.assert_nothing_left()


def machine() -> str:
    """Return on what it was measured: cores, processor, Python."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())
    return f"{os.cpu_count()} cores, {model}, Python {platform.python_version()}"


def are_fine(stack: Stack) -> bool:
    return all(each["health"] in FINE for each in stack.status().values())


def version_of(name: str) -> str:
    """Return the version of the package that gives a tool its name, or of its programs; nothing without either."""
    local = Catalog().get(name).run.local
    programs = local.needs.programs.values() if local and local.needs else ()
    for program in (each for each in programs if sys.platform in each.systems):
        said = read_version(find_program(program.names, search_path()) or "", program.version)
        return next(iter(re.findall(r"\d+\.\d+(?:\.\d+)*", said)), "")
    lock = FOLDERS / name / "requirements.lock.txt"
    packages = [*Catalog().get(name).client.packages, *(lock.read_text().splitlines() if lock.is_file() else ())]
    wanted = {
        name,
        f"apache-{name}",
        f"google-{name}",
        f"py{name}",
        f"{name}kit",
        *Catalog().get(name).aliases,
        f"{name}-server-bin",
        name.removesuffix("-serving"),
        name.removesuffix("-serve"),
    }
    for line in packages:
        matched = re.match(r"([\w-]+)(?:\[[^\]]*\])?==([\w.]+)", line)
        if matched and matched[1] in wanted:
            return matched[2]
    return ""


def install(name: str, folder: Path) -> float:
    """Return the seconds to make the tool's environment anew from downloaded wheels."""
    lock = FOLDERS / name / "requirements.lock.txt"
    if not lock.is_file():
        return 0
    fresh = UvEnvironments(folder / "environments", offline=True)
    began = time.monotonic()
    fresh.ensure(lock, lambda _: None)
    took = time.monotonic() - began
    shutil.rmtree(folder / "environments")
    return round(took, 1)


def ready_after(name: str, text: str) -> float:
    """Return the seconds after which `up` called a component healthy, or waiting for its model."""
    found = re.findall(rf"^ *(\d+\.\d) s  \S {re.escape(name)} +(?:healthy|waiting)", text, re.MULTILINE)
    return float(found[-1]) if found else 0


def proofs(stack: Stack) -> tuple[list[str], list[str]]:
    """Return what `check` proved, and what it had nothing to prove with."""
    done = stack.run("check", "--json", within=LONG)
    assert done.code == 0, done.text
    said = json.loads(done.out)
    lines = said if isinstance(said, list) else said["proofs"]
    return (
        [each["subject"] for each in lines if each["proved"]],
        [each["subject"] for each in lines if not each["proved"]],
    )


def memory_of(name: str, stack: Stack) -> int:
    """Return the proportional set size of a tool's processes in MB."""
    marks, table = stack.marks(), {each.pid: each for each in psutil.process_iter()}
    own = {pid for pid, mark in marks.items() if mark.startswith(f"{name}.") and pid in table}
    family = own | {below.pid for pid in own for below in table[pid].children(recursive=True)}
    return round(sum(table[pid].memory_full_info().pss for pid in family if pid in table and lives(pid)) / 1e6)


def come_back(process: str, stack: Stack) -> float:
    """Kill a process; return the seconds until everything is fine again, by itself."""
    began = time.monotonic()
    stack.crash(process)
    eventually(lambda: process in stack.pids() and are_fine(stack), RECOVERY)
    return round(time.monotonic() - began, 1)


def helpers(process: str, stack: Stack) -> dict[str, psutil.Process]:
    """Return one of each kind of what a process started, by its kind: the program, and what Python runs."""
    with suppress(psutil.NoSuchProcess):
        below = psutil.Process(stack.pids()[process]).children(recursive=True)
        return {kind: each for each in reversed(below) if (kind := kind_of(each))}
    return {}


def kind_of(process: psutil.Process) -> str:
    """Return what a process is called for people; nothing when it has ended."""
    try:
        words = process.cmdline()
    except psutil.Error:
        return ""
    if not words or " " in words[0]:  # it wrote its own title
        return words[0].split(" ")[0].rstrip(":") if words else ""
    if Path(words[0]).name.startswith("python"):
        named = (each for each in words[1:] if not each.startswith("-"))
        return f"python {Path(next(named, '')).name[:40]}".strip()
    return Path(words[0]).name


def helper_comes_back(process: str, kind: str, stack: Stack) -> float | None:
    """Kill a helper of that kind; return the seconds until everything is fine again; None if there is none now."""
    helper = helpers(process, stack).get(kind)
    if helper is None:
        return None
    began = time.monotonic()
    with suppress(psutil.NoSuchProcess):
        helper.kill()
    time.sleep(1)  # its ports close, and its parent sees that it is gone
    try:
        eventually(lambda: process in stack.pids() and are_fine(stack), RECOVERY)
    except AssertionError:
        pytest.fail(f"{process} without {kind}: {stack.status()}")
    took = round(time.monotonic() - began, 1)
    time.sleep(LOOK)
    return took


def outside_of_the_stack(folder: Path) -> list[str]:
    """Return the files that were written into the HOME or the temporary folder of whoever ran the commands."""
    tops = (folder / "home", folder / "temporary")
    return sorted(each.relative_to(folder).as_posix() for top in tops for each in top.rglob("*") if each.is_file())
