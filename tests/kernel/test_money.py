"""Money never rounds in silence, and a spread sums to its total."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queqiao.kernel.errors import InvalidInput
from queqiao.kernel.money import exponent, format_minor, parse_minor, spread


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("12.34", "CNY", 1234),
        ("-0.05", "GBP", -5),
        ("1E2", "USD", 10000),
        ("7", "JPY", 7),
        ("1.234", "KWD", 1234),
    ],
)
def test_parse(amount: str, currency: str, minor: int) -> None:
    assert parse_minor(amount, currency) == minor


@pytest.mark.parametrize(
    "amount", ["0.001", "1.005", "abc", "", "NaN", "Infinity", "1e400", "9" * 30]
)
def test_parse_refuses_what_does_not_fit(amount: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_minor(amount, "CNY", "products[0].price")
    assert refused.value.fields[0].path == "products[0].price"


def test_unknown_currency() -> None:
    with pytest.raises(InvalidInput):
        exponent("XXX")


@given(st.integers(-(10**12), 10**12), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_format_and_parse_are_inverse(minor: int, currency: str) -> None:
    assert parse_minor(format_minor(minor, currency), currency) == minor


@given(
    st.integers(-(10**9), 10**9),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=30).filter(any),
    st.sampled_from(["first", "last", "largest_fraction"]),
)
def test_spread_sums_and_stays_within_one_unit(total: int, weights: list[int], remainder) -> None:
    parts = spread(total, weights, remainder)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        exact = Decimal(total) * weight / sum(weights)
        assert abs(part - exact) < 1
        assert weight or part == 0


def test_spread_gives_the_odd_unit_to_the_largest_fraction() -> None:
    assert spread(100, [1, 1, 1]) == [34, 33, 33]
    assert spread(100, [1, 1, 1], "last") == [33, 33, 34]
    assert spread(5, [1, 3]) == [1, 4]
    assert spread(-5, [1, 3]) == [-1, -4]
