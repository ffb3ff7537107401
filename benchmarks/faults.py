"""
What stacks stand: processes that are killed at random while a client writes, and half an hour in which nobody does anything.

Takes an hour and a half; `PLATINFRA_KILLS=6:20` makes twenty kills of the smaller stack alone.
"""

import json
import os
import random
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.environments import resolve_clients  # noqa: E402
from tests.live.stack import Stack  # noqa: E402

from platinfra.targets.local.verbs.machine import environments  # noqa: E402

SIX = ("mlflow", "postgres", "prefect", "evidently", "jupyterlab", "nats")
SIX_FILE = """\
name: six
stack:
  experiment_tracker: [mlflow]
  pipelining: [prefect]
  monitoring: [evidently]
  notebook: [jupyterlab]
  event_streaming: [nats]
"""
SEED = ("mlflow", "postgres", "zenml", "ray", "bentoml", "nvidia-triton", "nannyml")
SEED_FILE = """\
name: seed
stack:
  data_versioning: [dvc]
  experiment_tracker: [mlflow]
  pipelining: [zenml]
  runtime_engine: [ray]
  artifact_tracker: [mlflow]
  model_registry: [bentoml]
  model_serving: [{nvidia-triton: {settings: {model: tumours}}}]
  monitoring: [nannyml]
  alerting: [mlflow]
"""
KILLS = {"6": 200, "seed": 60}
REACH = 60.0
"""Seconds until everything answers again."""
IDLE = 1800.0
"""Seconds."""
UP = 600.0


def measure(median: Callable[[Sequence[float]], float]) -> list[dict]:
    """Kill, then leave alone."""
    kills = (
        dict(each.split(":") for each in os.environ["PLATINFRA_KILLS"].split(","))
        if "PLATINFRA_KILLS" in os.environ
        else KILLS
    )
    rows = []
    if number := int(kills.get("6", 0)):
        rows += killed(f"6 tools ({', '.join(SIX)})", SIX_FILE, SIX, number, median)
    if number := int(kills.get("seed", 0)):
        rows += killed("the seed's tools", SEED_FILE, SEED, number, median)
    return rows if "PLATINFRA_KILLS" in os.environ else [*rows, *idle()]


@contextmanager
def stack_of(text: str, tools: Sequence[str]) -> Iterator[Stack]:
    """Yield a stack of these tools that is up, on ports of its own."""
    with tempfile.TemporaryDirectory(prefix="platinfra-bench-") as folder:
        stack = Stack(Path(folder) / "stack")
        for each in tools:
            stack.catalog(each)
        stack.file.write_text(text)
        resolve_clients(environments(), text)
        try:
            done = stack.run("up", within=UP)
            if done.code:
                raise RuntimeError(done.text)
            yield stack
        finally:
            stack.end()


class Writer(threading.Thread):
    """Writes runs to the tracker, one after the other, and remembers those that were acknowledged."""

    def __init__(self, url: str) -> None:
        """Take the tracker's address."""
        super().__init__(daemon=True)
        self.url = url
        self.kept: list[str] = []
        self.done = threading.Event()

    def run(self) -> None:
        """Write until it is told to end; what fails is tried again."""
        while not self.done.wait(0.1):
            try:
                asked = self.ask("runs/create", {"experiment_id": "0", "start_time": int(time.time() * 1000)})
                run = asked["run"]["info"]["run_id"]
                self.ask("runs/log-metric", {"run_id": run, "key": "number", "value": len(self.kept), "timestamp": 1})
                self.kept.append(f"{run} {len(self.kept)}")
            except (OSError, ValueError):
                time.sleep(0.2)

    def ask(self, path: str, body: dict) -> dict:
        """Return an answer of the tracker; raise OSError or ValueError without one."""
        request = urllib.request.Request(f"{self.url}/api/2.0/mlflow/{path}", json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def lost(self) -> list[str]:
        """Return what was acknowledged and is not there."""
        return [each for each in self.kept if not self._is_there(*each.split())]

    def _is_there(self, run: str, number: str) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/api/2.0/mlflow/runs/get?run_id={run}", timeout=20) as answer:
                metrics = json.load(answer)["run"]["data"]["metrics"]
        except urllib.error.HTTPError:
            return False
        return [each["value"] for each in metrics if each["key"] == "number"] == [float(number)]


def killed(
    name: str, text: str, tools: Sequence[str], number: int, median: Callable[[Sequence[float]], float]
) -> list[dict]:
    """Kill one process of a stack after the other, each chosen at random among all that it has."""
    chance = random.Random(seed := int(time.time()))
    print(f"{name}: seed {seed}", file=sys.stderr)
    with stack_of(text, tools) as stack:
        writer = Writer(f"http://127.0.0.1:{stack.port('mlflow')}")
        writer.start()
        calm = _health(stack)  # a server without a model waits for one
        took = [_kill_one(stack, chance, writer, calm, each) for each in range(number)]
        writer.done.set()
        writer.join(60)
        lost, kept = writer.lost(), len(writer.kept)
        stack.run("down", within=UP)
        left = stack.left()
    good = sum(each <= REACH for each in took)
    shown = f"{good} of {number}; median {median(took):.1f} s, slowest {max(took):.1f} s"
    return [
        row(
            f"{number} random `kill -9`, {name}: all answers again within {REACH:.0f} s",
            shown,
            f"{number} of {number}",
            ok=good == number,
        ),
        row(f"what was acknowledged meanwhile and is lost, {name}", f"{len(lost)} of {kept}", "0", ok=not lost),
        row(f"processes, listeners and files left after `down`, {name}", str(len(left)), "0", ok=not left),
    ]


def _health(stack: Stack) -> dict[str, str]:
    return {name: str(each["health"]) for name, each in stack.status().items()}


def _kill_one(stack: Stack, chance: random.Random, writer: Writer, calm: dict[str, str], number: int) -> float:
    """Kill a process; return the seconds until every component is as before and a further write was acknowledged."""
    pid, mark = chance.choice(sorted((pid, mark) for pid, mark in stack.marks().items() if mark))
    began, before = time.monotonic(), len(writer.kept)
    psutil.Process(pid).kill()
    healthy = 0.0
    while time.monotonic() - began < 4 * REACH:
        time.sleep(0.5)
        found = _health(stack)
        if found != calm or len(writer.kept) == before:
            healthy = 0.0
        elif not healthy:
            healthy = time.monotonic() - began
        elif time.monotonic() - began - healthy > 1:
            print(f"{number}: {mark} {healthy:.1f} s", file=sys.stderr)
            return healthy
    print(f"{number}: {mark} did not come back: {found}", file=sys.stderr)
    return 4 * REACH


def idle() -> list[dict]:
    """Leave a stack alone; look at the supervisor's memory and the logs before and after."""
    with stack_of(SIX_FILE, SIX) as stack:
        time.sleep(60)  # what starts is still settling
        before, logs = _own_memory(stack), _logs(stack)
        time.sleep(IDLE)
        after, grown = _own_memory(stack), _logs(stack) - logs
    more = (after - before) / 1e6
    return [
        row(
            f"growth of our own memory in {IDLE / 60:.0f} min in which nobody does anything",
            f"{more:+.1f} MB (of {before / 1e6:.0f} MB)",
            "≤ 2 MB",
            ok=more <= 2,
        ),
        row(f"growth of all logs in these {IDLE / 60:.0f} min", f"{grown / 1e6:.2f} MB", "≤ 10 MB", ok=grown <= 10e6),
    ]


def _own_memory(stack: Stack) -> float:
    return float(psutil.Process(stack.supervisor()).memory_info().rss)


def _logs(stack: Stack) -> float:
    return float(sum(each.stat().st_size for each in (stack.root / "logs").rglob("*") if each.is_file()))


def row(what: str, measured: str, reach: str, *, ok: bool) -> dict:
    """Return a row of the page."""
    return {"what": what, "measured": measured, "reach": reach, "ok": ok}
