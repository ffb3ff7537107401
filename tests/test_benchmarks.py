"""What measures platinfra can be loaded: it uses parts that move, and no other test runs it."""

import subprocess
import sys
from pathlib import Path

RUN = Path(__file__).parent.parent / "benchmarks" / "run.py"


def test_every_measurement_can_be_loaded() -> None:
    code = f"import sys; sys.path.insert(0, {str(RUN.parent)!r}); import run; print(*run.MEASUREMENTS)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert {each.stem for each in RUN.parent.glob("*.py")} - {"run", "machine"} == set(done.stdout.split())
