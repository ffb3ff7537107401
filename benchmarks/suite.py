"""How long people wait for the tests, and how much code there is; run by name, since it takes some ten minutes."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "platinfra"


def measure(_: Callable[[list[float]], float]) -> list[dict[str, object]]:
    """Return the minutes of each make target, and the lines of the sources."""
    return [waited("make check", 90), waited("make test", 720), size()]


def waited(command: str, reach: int) -> dict[str, object]:
    """Time a command that has to succeed; `reach` in seconds."""
    began = time.monotonic()
    subprocess.run(command.split(), cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    took = time.monotonic() - began
    minutes, seconds = divmod(round(took), 60)
    shown = f"{minutes} min {seconds:02} s"
    return {"what": f"`{command}`", "measured": shown, "reach": f"≤ {reach} s", "ok": took <= reach}


def size() -> dict[str, object]:
    """Count the lines of Python outside the catalog."""
    files = [each for each in SOURCE.rglob("*.py") if each.relative_to(SOURCE).parts[0] != "tools"]
    lines = sum(len(each.read_text(encoding="utf-8").splitlines()) for each in files)
    return {
        "what": "lines of Python outside `tools/`",
        "measured": f"{lines:,}",
        "reach": "told",
        "ok": True,
    }
