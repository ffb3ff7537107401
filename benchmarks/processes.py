"""Whole processes of the command line against the cost of their imports."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

REPEATS = 15
SEED = Path(__file__).parent / "seed.yaml"
PLATINFRA = Path(sys.executable).with_name("platinfra")


def measure(middle: Callable[[list[float]], float]) -> list[dict[str, object]]:
    """Return one row per command, as multiples of what the same Python needs for the imports."""
    click = ["-c", "import click"]
    imports = ["-c", "import click, yaml, pydantic"]
    commands = {
        "`platinfra --help`": ([str(PLATINFRA), "--help"], click, 2.0),
        "`platinfra validate` of the seed spec": ([str(PLATINFRA), "validate", str(SEED)], imports, 2.5),
        "`platinfra plan` of the seed spec": ([str(PLATINFRA), "plan", str(SEED)], imports, 3.0),
    }
    return [row(what, *each, middle) for what, each in commands.items()]


def row(
    what: str, command: list[str], floor: list[str], reach: float, middle: Callable[[list[float]], float]
) -> dict[str, object]:
    """Time a command and its floor in turn."""
    pairs = [(seconds(command), seconds([sys.executable, *floor])) for _ in range(REPEATS)]
    mine, least = middle([each for each, _ in pairs]), middle([each for _, each in pairs])
    shown = f'{mine:.3f} s = {mine / least:.2f} × `python {floor[0]} "{floor[1]}"` ({least:.3f} s)'
    return {"what": what, "measured": shown, "reach": f"≤ {reach:g} ×", "ok": mine <= reach * least}


def seconds(command: list[str]) -> float:
    """Return how long a process takes, output thrown away."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        subprocess.run(command, cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return time.perf_counter() - began
