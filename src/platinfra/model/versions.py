"""Versions of packages and their bounds, as far as the catalog needs them: numbers and `>=`, `>`, `<=`, `<`."""

import operator
import re
from collections.abc import Callable

_COMPARE: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}
_BOUND = re.compile(r"(>=|<=|>|<)(\d+(?:\.\d+)*)")

Bounds = list[tuple[str, tuple[int, ...]]]
"""Comparisons, all of which have to hold."""


def find_bounds(text: str) -> Bounds | None:
    """Return what a text such as `>=3,<3.9` asks for; None when it is something else."""
    found = [_BOUND.fullmatch(each.strip()) for each in text.split(",")]
    return [(each[1], _numbers(each[2])) for each in found if each] if all(found) else None


def is_within(version: str, bounds: Bounds) -> bool:
    """Tell whether a version is within bounds; `3.9rc1` counts as 3.9."""
    numbers = _numbers(version)
    return all(_COMPARE[sign](*_same_length(numbers, bound)) for sign, bound in bounds)


def compare(one: str, other: str) -> int:
    """Return less than, equal to or more than 0 as a version comes before, is, or comes after another."""
    first, second = _same_length(_numbers(one), _numbers(other))
    return (first > second) - (first < second)


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\d+(?:\.\d+)*", version.rpartition("!")[2])
    return tuple(int(each) for each in found[0].split(".")) if found else ()


def _same_length(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    length = max(len(one), len(other))
    return one + (0,) * (length - len(one)), other + (0,) * (length - len(other))
