"""Quantities are read as Kubernetes reads them."""

from fractions import Fraction
from typing import Any

import pytest

from platinfra.targets.kubernetes.rules.quantities import parse


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1", 1),
        (2, 2),
        (0.5, Fraction(1, 2)),
        ("500m", Fraction(1, 2)),
        ("1.5Gi", 3 * 2**29),
        ("10Ki", 10240),
        ("1k", 1000),
        ("1M", 10**6),
        ("1e3", 1000),
        ("1E3", 1000),
        ("1E", 10**18),
        ("1Ei", 2**60),
        ("5.", 5),
        (".5", Fraction(1, 2)),
        ("+1", 1),
        ("-1", -1),
        ("100n", Fraction(1, 10**7)),
        ("12e-1", Fraction(6, 5)),
    ],
)
def test_a_quantity_is_read(text: Any, amount: Any) -> None:
    assert parse(text) == amount


@pytest.mark.parametrize(
    "text", ["12Zi", "1GiB", "", " 1", "1 Gi", "Gi", "1K", "1mi", ".", "1e", "a", None, True, [], {}]
)
def test_other_texts_are_no_quantities(text: Any) -> None:
    assert parse(text) is None
