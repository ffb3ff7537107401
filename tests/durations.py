"""How long tests take: recorded in the repository, so that the slowest are known and go first."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest

RECORDED = Path(__file__).parent / "durations.txt"
SHORTEST = 1.0
"""Seconds below which a test is not recorded."""
HEAD = "# Seconds of a test, with what was made for it; `make durations` measures anew. Shorter tests are left out.\n"


def load(path: Path = RECORDED) -> dict[str, float]:
    """Return the recorded seconds of each test."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    parts = (line.split(" ", 1) for line in lines if not line.startswith("#"))
    return {test: float(seconds) for seconds, test in parts}


def save(found: Mapping[str, float], path: Path = RECORDED) -> None:
    """Replace what was recorded of the tests that ran, and keep the rest; the longest stand first."""
    merged = {**load(path), **found}
    kept = sorted((-round(seconds, 1), test) for test, seconds in merged.items() if seconds >= SHORTEST)
    path.write_text(HEAD + "".join(f"{-seconds:.1f} {test}\n" for seconds, test in kept), encoding="utf-8")


def file_of(test: str) -> str:
    """Return the file of a test."""
    return test.partition("::")[0]


class Recorder:
    """A plugin of pytest that writes what the passed tests took."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = defaultdict(float)
        self._failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] += report.duration
        if not report.passed:
            self._failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        save({test: seconds for test, seconds in self._seconds.items() if test not in self._failed})
