"""One throw-away stack per test, ended whatever happens, with nothing left of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .stack import Stack


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """Return a stack without tools; it is stopped after the test."""
    made = Stack(tmp_path / "a stack")
    yield made
    made.end()
