"""Whole processes of the command line, from an installed wheel, against the cost of their imports."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
REPEATS = 15
SEED = Path(__file__).parent / "seed.yaml"
UV = Path(sys.executable).with_name("uv")


def measure(middle: Callable[[list[float]], float]) -> list[dict[str, object]]:
    """Return one row per command, as multiples of what the same Python needs for the imports."""
    click, imports = "import click", "import click, yaml, pydantic"
    commands = {
        "`platinfra --help`": (["--help"], click, 1.3),
        "`platinfra validate` of the seed": (["validate", str(SEED)], imports, 2.5),
        "`platinfra plan` of the seed": (["plan", str(SEED)], imports, 3.0),
    }
    with tempfile.TemporaryDirectory() as folder:
        installed = install(Path(folder))
        return [row(what, *each, middle, installed) for what, each in commands.items()]


def install(folder: Path) -> Path:
    """Build the wheel and install it, compiled, into a folder of its own; return where Python finds it."""
    built, target = folder / "dist", folder / "site"
    own = ["--quiet", "--python", sys.executable]
    subprocess.run([UV, "build", *own, "--wheel", "--no-build-isolation", "--out-dir", built], cwd=ROOT, check=True)
    [wheel] = built.glob("*.whl")
    into = ["--offline", "--no-deps", "--compile-bytecode", "--target", target]
    subprocess.run([UV, "pip", "install", *own, *into, wheel], check=True)
    return target


def row(
    what: str, arguments: list[str], floor: str, reach: float, middle: Callable[[list[float]], float], installed: Path
) -> dict[str, object]:
    """Time a command and its floor in turn."""
    pairs = [
        (seconds(["-m", "platinfra", *arguments], installed), seconds(["-c", floor], installed)) for _ in range(REPEATS)
    ]
    mine, least = middle([each for each, _ in pairs]), middle([each for _, each in pairs])
    shown = f'{mine:.3f} s = {mine / least:.2f} × `python -c "{floor}"` ({least:.3f} s)'
    return {"what": what, "measured": shown, "reach": f"≤ {reach:g} ×", "ok": mine <= reach * least}


def seconds(arguments: list[str], installed: Path) -> float:
    """Return how long a Python process takes, output thrown away."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPATH"] = str(installed)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([sys.executable, *arguments], cwd=folder, env=env, check=True, **quiet)
        return time.perf_counter() - began
