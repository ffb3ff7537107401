"""Which of many cases `make test` runs; the others are left to `make live`."""

from collections.abc import Sequence
from typing import Any

import pytest


def all_but(kept: str, cases: Sequence[Any]) -> list[Any]:
    """Return the cases of a parametrized test, marked `slow` except one, whose name (or first value) is `kept`."""
    names = [each[0] if isinstance(each, tuple) else each for each in cases]
    assert kept in names
    return [each if name == kept else slow(each) for name, each in zip(names, cases, strict=True)]


def slow(case: Any) -> Any:
    """Return a case marked `slow`."""
    return pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.slow)
