"""
Start the quickstart's and the seed's stack, against the limit that their programs and this machine set.

The limit is the larger of (a) the slowest chain of components, each started alone with its bare command, and
(b) the CPU seconds that all of them use until they are ready, divided by the cores.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from platinfra.app.stacks import brought_up, checked_stack
from platinfra.drivers.files import make_state_folder
from platinfra.drivers.privileges import hand_over, prefix
from platinfra.drivers.program_files import short_path
from platinfra.model.plan import Progress
from platinfra.model.workspace import Workspace
from platinfra.resolve.workspace import resolve_workspace
from platinfra.targets.answers import Talk
from platinfra.targets.local.actions import Start
from platinfra.targets.local.verbs import machine
from platinfra.targets.local.verbs.plan import prepare

ROOT = Path(__file__).parent.parent
REPEATS = 3
POLL = 0.02
ENVIRONMENTS = {"environment", "client"}
TALK = Talk(lambda _: None)


@dataclass(frozen=True, slots=True)
class Example:
    """A stack of our own that is measured."""

    name: str
    folder: Path
    environment: str
    reach: float
    """The most times that `up` may take of the limit."""


QUICKSTART = Example("the quickstart", ROOT / "examples" / "quickstart", "default", 1.15)
SEED = Example("the seed on a laptop", ROOT / "examples" / "seed", "laptop", 1.25)


@dataclass(frozen=True, slots=True)
class Alone:
    """One process started by its bare command."""

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Bare:
    """A stack whose processes were started by their bare commands."""

    limit: float
    """Seconds."""
    memory: float
    """Bytes, proportional set size, once all are ready."""


def measure(middle: Callable[[list[float]], float]) -> list[dict[str, object]]:
    """Return the rows of the running stacks."""
    return [*measure_one(QUICKSTART, middle), *measure_one(SEED, middle)]


def measure_one(example: Example, middle: Callable[[list[float]], float]) -> list[dict[str, object]]:
    """Return the rows of one stack."""
    ratios, ups, unchanged, memory, shares = [], [], [], [], []
    for _ in range(REPEATS):
        least = bare(example)
        with project(example) as workspace:
            make_environments(workspace)
            ups.append(seconds(lambda workspace=workspace: _up(workspace)))
            ratios.append(ups[-1] / least.limit)
            shares.append(memory_of(supervisors(workspace)) / least.memory)
            unchanged += [cli(workspace) for _ in range(5)]
            memory.append(float(sum(each.memory_info().rss for each in supervisors(workspace))))
            _down(workspace)
    limit = f"the limit ({middle(ups) / middle(ratios):.1f} s)"
    return [
        {
            "what": f"`up` of {example.name}, environments ready",
            "measured": f"{middle(ups):.1f} s = {middle(ratios):.2f} × {limit}",
            "reach": f"≤ {example.reach} ×",
            "ok": middle(ratios) <= example.reach,
        },
        {
            "what": f"memory of {example.name}, against its programs started bare",
            "measured": f"{middle(shares):.2f} ×",
            "reach": "≤ 1.1 ×",
            "ok": middle(shares) <= 1.1,
        },
        {
            "what": f"`up` of {example.name} when nothing changed, whole process",
            "measured": f"{middle(unchanged):.2f} s",
            "reach": "≤ 1 s",
            "ok": middle(unchanged) <= 1,
        },
        {
            "what": f"supervisor memory (resident), {example.name}",
            "measured": f"{middle(memory) / 1e6:.0f} MB",
            "reach": "≤ 60 MB",
            "ok": middle(memory) <= 60e6,
        },
    ]


class project:  # noqa: N801  reads as what it is
    """A copy of an example in a folder of its own."""

    def __init__(self, example: Example) -> None:
        """Remember which."""
        self.example = example

    def __enter__(self) -> Workspace:
        """Copy it."""
        self.folder = Path(tempfile.mkdtemp(prefix="platinfra-bench-"))
        for name in ("platinfra.yaml", "requirements.lock.txt"):
            shutil.copy(self.example.folder / name, self.folder)
        self.workspace = Workspace(self.folder / "platinfra.yaml", self.example.environment)
        return self.workspace

    def __exit__(self, *_: object) -> None:
        """Stop what runs and remove the folder."""
        _down(self.workspace)
        shutil.rmtree(self.folder)


def _up(workspace: Workspace) -> None:
    stack, target = checked_stack(workspace.file, workspace.environment, ())
    target.up(stack, TALK)


def _down(workspace: Workspace) -> None:
    workspace, target = brought_up(workspace.file, workspace.environment)
    target.down(workspace, None, TALK)


def make_environments(workspace: Workspace) -> None:
    """Make the environments of the tools, and of the project's code, which every folder has for itself."""
    make_state_folder(workspace)
    world, progress = machine.world(workspace), Progress(lambda _: None, lambda: False)
    for action in prepare(resolve_workspace(workspace)).plan.actions:
        if action.kind in ENVIRONMENTS:
            action.apply(world, progress)


def seconds(act: Callable[[], object]) -> float:
    """Return how long something takes."""
    began = time.monotonic()
    act()
    return time.monotonic() - began


def cli(workspace: Workspace) -> float:
    """Return how long `platinfra up` takes as a process."""
    program = str(Path(os.sys.executable).with_name("platinfra"))
    command = [program, "up", str(workspace.file), "--env", workspace.environment]
    return seconds(lambda: subprocess.run(command, check=True, capture_output=True))


def supervisors(workspace: Workspace) -> list[psutil.Process]:
    """Return everything of platinfra's own that stays."""
    mark = str(workspace.folder)
    found = [
        each
        for each in psutil.process_iter(["cmdline"])
        if any("supervisor_main" in part for part in each.info["cmdline"] or [])
    ]
    mine = [each for each in found if any(mark in part for part in each.cmdline())]
    assert mine, "the supervisor was not found"
    return mine


def memory_of(processes: Iterable[psutil.Process]) -> float:
    """Return the proportional set size of processes with all that they started, in bytes."""
    total = 0.0
    for each in {found.pid: found for top in processes for found in [top, *top.children(recursive=True)]}.values():
        with suppress(psutil.NoSuchProcess):
            total += each.memory_full_info().pss
    return total


def bare(example: Example) -> Bare:
    """Start every process alone, after those it needs: the slowest chain, or the CPU seconds per core if these are more."""
    with project(example) as workspace, tempfile.TemporaryDirectory(prefix="links-") as folder:
        links = Path(folder)
        make_state_folder(workspace)
        planned = prepare(resolve_workspace(workspace))
        world = machine.world(workspace)
        progress = Progress(lambda _: None, lambda: False)
        alone: dict[str, Alone] = {}
        before: dict[str, float] = {}
        running: list[psutil.Popen] = []
        try:
            for action in planned.plan.actions:
                if isinstance(action, Start):
                    process, alone[action.key] = started(action, world, links)
                    running.append(process)
                    took = alone[action.key].wall
                else:
                    took = seconds(lambda action=action: action.apply(world, progress))
                    if action.kind in ENVIRONMENTS:
                        took = 0.0
                before[action.key] = took + max((before[key] for key in action.after), default=0.0)
            memory = memory_of(running)
        finally:
            for process in reversed(running):
                end(process)
        cpu = sum(each.cpu for each in alone.values()) / (os.cpu_count() or 1)
        return Bare(max(*before.values(), cpu), memory)


def started(action: Start, world: object, links: Path) -> tuple[psutil.Popen, Alone]:
    """Run the bare command of an action until its addresses answer; `links` is a folder for short paths, as sockets need them."""
    spec = action.command.spec(action.component, world)
    command = list(spec.command)
    if spec.unprivileged:
        hand_over(spec.owned)
        command = [*prefix(), *command]
    began = time.monotonic()
    with spec.log.open("ab") as log:
        process = psutil.Popen(
            command,
            env={**spec.env, "TMPDIR": short_path(spec.env["TMPDIR"], links)},
            cwd=spec.cwd,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    while not all(each.answers(world) for each in action.addresses):
        if process.poll() is not None or time.monotonic() - began > 180:
            end(process)
            raise RuntimeError(f"{action.process} did not come up: {spec.log.read_text()[-2000:]}")
        time.sleep(POLL)
    return process, Alone(time.monotonic() - began, cpu_of(process))


def cpu_of(process: psutil.Popen) -> float:
    """Return the CPU seconds of a process and its descendants so far."""
    total = 0.0
    for each in [process, *process.children(recursive=True)]:
        times = each.cpu_times()
        total += times.user + times.system
    return total


def end(process: psutil.Popen) -> None:
    """Stop a process and its descendants."""
    family = [process, *process.children(recursive=True)]
    process.terminate()
    _, alive = psutil.wait_procs(family, timeout=15)
    for each in alive:
        each.kill()
