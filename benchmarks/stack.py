"""
Start the quickstart's stack, against the limit that its programs and this machine set.

The limit is the larger of (a) the slowest chain of components, each started alone with its bare command, and
(b) the CPU seconds that all of them use until they are ready, divided by the cores.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from platinfra.app.stacks import brought_up, checked_stack
from platinfra.drivers.files import make_state_folder
from platinfra.drivers.privileges import hand_over, prefix
from platinfra.model.plan import Progress
from platinfra.model.workspace import Workspace
from platinfra.resolve.workspace import resolve_workspace
from platinfra.targets.answers import Talk
from platinfra.targets.local.actions import Start
from platinfra.targets.local.verbs import machine
from platinfra.targets.local.verbs.plan import prepare

ROOT = Path(__file__).parent.parent
QUICKSTART = ROOT / "examples" / "quickstart"
REPEATS = 3
POLL = 0.02
ENVIRONMENTS = {"environment", "client"}
TALK = Talk(lambda _: None)


@dataclass(frozen=True, slots=True)
class Alone:
    """One process started by its bare command."""

    wall: float
    cpu: float


def measure(middle: Callable[[list[float]], float]) -> list[dict[str, object]]:
    """Return the rows of the running stack."""
    limits, ups, unchanged, memory = [], [], [], []
    for _ in range(REPEATS):
        chain, cpu = bare()
        limits.append(max(chain, cpu))
        with project() as file:
            make_environments(file)
            ups.append(seconds(lambda file=file: _up(file)))
            unchanged += [cli(file) for _ in range(5)]
            memory.append(supervisor_memory(file))
            _down(file)
    ratio = middle([mine / limit for mine, limit in zip(ups, limits, strict=True)])
    shown = f"{middle(ups):.1f} s = {ratio:.2f} × the limit ({middle(limits):.1f} s)"
    return [
        {
            "what": "`up` of the quickstart, environments ready",
            "measured": shown,
            "reach": "≤ 1.15 ×",
            "ok": ratio <= 1.15,
        },
        {
            "what": "`up` when nothing changed, whole process",
            "measured": f"{middle(unchanged):.2f} s",
            "reach": "≤ 1 s",
            "ok": middle(unchanged) <= 1,
        },
        {
            "what": "supervisor memory (resident)",
            "measured": f"{middle(memory) / 1e6:.0f} MB",
            "reach": "≤ 60 MB",
            "ok": middle(memory) <= 60e6,
        },
    ]


class project:  # noqa: N801  reads as what it is
    """A copy of the quickstart's stack file in a folder of its own."""

    def __enter__(self) -> Path:
        """Copy it."""
        self.folder = Path(tempfile.mkdtemp(prefix="platinfra-bench-"))
        for name in ("platinfra.yaml", "requirements.lock.txt"):
            shutil.copy(QUICKSTART / name, self.folder)
        return self.folder / "platinfra.yaml"

    def __exit__(self, *_: object) -> None:
        """Stop what runs and remove the folder."""
        _down(self.folder / "platinfra.yaml")
        shutil.rmtree(self.folder)


def _up(file: Path) -> None:
    stack, target = checked_stack(file, None, ())
    target.up(stack, TALK)


def _down(file: Path) -> None:
    workspace, target = brought_up(file, None)
    target.down(workspace, None, TALK)


def make_environments(file: Path) -> None:
    """Make the environments of the tools, and of the project's code, which every folder has for itself."""
    workspace = Workspace(file)
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


def cli(file: Path) -> float:
    """Return how long `platinfra up` takes as a process."""
    command = [str(Path(os.sys.executable).with_name("platinfra")), "up", str(file)]
    return seconds(lambda: subprocess.run(command, check=True, capture_output=True))


def supervisor_memory(file: Path) -> float:
    """Return the resident bytes of everything of platinfra's own that stays."""
    mark = str(file.parent)
    found = [
        each
        for each in psutil.process_iter(["cmdline"])
        if any("supervisor_main" in part for part in each.info["cmdline"] or [])
    ]
    mine = [each for each in found if any(mark in part for part in each.cmdline())]
    assert mine, "the supervisor was not found"
    return float(sum(each.memory_info().rss for each in mine))


def bare() -> tuple[float, float]:
    """Start every process alone, after those it needs; return the slowest chain and the CPU seconds per core."""
    with project() as file:
        workspace = Workspace(file)
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
                    process, alone[action.key] = started(action, world)
                    running.append(process)
                    took = alone[action.key].wall
                else:
                    took = seconds(lambda action=action: action.apply(world, progress))
                    if action.kind in ENVIRONMENTS:
                        took = 0.0
                before[action.key] = took + max((before[key] for key in action.after), default=0.0)
        finally:
            for process in reversed(running):
                end(process)
        return max(before.values()), sum(each.cpu for each in alone.values()) / (os.cpu_count() or 1)


def started(action: Start, world: object) -> tuple[psutil.Popen, Alone]:
    """Run the bare command of an action until its addresses answer."""
    spec = action.command.spec(action.component, world)
    command = list(spec.command)
    if spec.unprivileged:
        hand_over(spec.owned)
        command = [*prefix(), *command]
    began = time.monotonic()
    with spec.log.open("ab") as log:
        process = psutil.Popen(
            command, env=dict(spec.env), cwd=spec.cwd, stdout=log, stderr=log, start_new_session=True
        )
    while not all(each.answers(world) for each in action.addresses):
        if process.poll() is not None or time.monotonic() - began > 180:
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
