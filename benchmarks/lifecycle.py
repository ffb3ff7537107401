"""How stacks come up in a cluster, and what asking costs where nothing is to do; against the stand-in for the API server."""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.kubernetes.api import cluster  # noqa: E402
from tests.targets.kubernetes.test_lifecycle import Stack, operated  # noqa: E402

FIRST, RUNS, WATCHERS = 20, 3, 63
LAG = 4.0
"""Seconds until kinds are served."""
FAR = 0.02
"""Seconds that an answer takes from a server in another region."""
MANY = "name: churn\nprovider: {name: kubernetes}\nstack:\n  experiment_tracker: [mlflow]\n  monitoring:\n    - prometheus\n"
ASKS_RIGHTS = "selfsubject"


def measure(median: Callable[[Sequence[float]], float]) -> list[dict]:
    """Bring stacks up for the first time, and ask a large one that is up what is to do."""
    return [first_ups(), *no_ops(median)]


@contextmanager
def fresh() -> Iterator[Stack]:
    """Yield the documentation's first stack and an empty cluster, in which kinds are served late."""
    with tempfile.TemporaryDirectory() as folder, cluster() as api, operated(api):
        api.lag(LAG)
        yield Stack(Path(folder), api)


def first_ups() -> dict:
    """Count first `up`s that work, and after which nothing differs."""
    good = sum(_comes_up() for _ in range(FIRST))
    what = "first `up`, then `drift --exit-code`, with kinds that are served late"
    return row(what, f"{good} of {FIRST}", f"{FIRST} of {FIRST}", ok=good == FIRST)


def _comes_up() -> bool:
    with fresh() as stack:
        return all(_ends_well(stack, *command) for command in (("up",), ("drift", "--exit-code")))


def _ends_well(stack: Stack, *command: str) -> bool:
    child = stack.start(*command)
    child.communicate(timeout=300)
    return child.returncode == 0


def no_ops(median: Callable[[Sequence[float]], float]) -> Iterator[dict]:
    """Time `plan` and `up` of a large stack that is up, near by and far away, and count their requests."""
    with fresh() as stack:
        stack.write(MANY + "".join(f"    - evidently: {{as: watch-{each}}}\n" for each in range(WATCHERS)))
        stack.run("up")
        applied = json.loads(next(stack.folder.glob(".platinfra/*/state.json")).read_text())["applied"].values()
        objects = sum(len(each["record"].get("objects", ())) for each in applied)
        size = f"{len(applied)} steps, {objects} objects besides those of charts"
        for command in ("plan", "up"):
            before = len(stack.api.seen)
            seconds = median(_times(stack, command))
            asked = [path for _, path in stack.api.seen[before:] if ASKS_RIGHTS not in path]
            each = len(asked) / RUNS / objects
            yield row(f"`{command}` with nothing to do: {size}", f"{seconds:.1f} s", "≤ 5 s", ok=seconds <= 5)
            yield row(f"requests of that `{command}` for each object", f"{each:.1f}", "≤ 3", ok=each <= 3)
        stack.api.delay(FAR)
        for command in ("plan", "up"):
            seconds = median(_times(stack, command))
            what = f"that `{command}` where each answer takes {FAR * 1000:.0f} ms longer"
            yield row(what, f"{seconds:.1f} s", "≤ 5 s", ok=seconds <= 5)


def _times(stack: Stack, command: str) -> list[float]:
    """Return how many seconds a command took each time."""
    took = []
    for _ in range(RUNS):
        began = time.monotonic()
        stack.run(command)
        took.append(time.monotonic() - began)
    return took


def row(what: str, measured: str, reach: str, *, ok: bool) -> dict:
    """Return a row of the page."""
    return {"what": what, "measured": measured, "reach": reach, "ok": ok}
