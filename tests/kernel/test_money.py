"""Money never rounds in silence, and a spread sums to its total."""

import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queqiao.kernel.errors import InvalidInput
from queqiao.kernel.money import MINOR_MAX, exponent, format_minor, parse_minor, spread


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


@pytest.mark.parametrize(
    "amount",
    ["1e999990", "-1e999999999", "1e-999999999", "0e999999", "0e-99999", "sNaN", "1e" + "9" * 30],
)
def test_parse_refuses_an_exponent_before_any_arithmetic(amount: str) -> None:
    begun_s = time.process_time()
    with pytest.raises(InvalidInput):
        parse_minor(amount, "CNY")
    assert time.process_time() - begun_s < 1  # int(Decimal("1e999990")) takes a minute


strange = st.one_of(
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
    st.builds("{}{}e{}".format, st.sampled_from("+- "), st.integers(), st.integers()),
    st.builds("{}.{}e{}".format, st.integers(), st.integers(0), st.integers(-(10**9), 10**9)),
    st.text("0123456789eE+-._ naNifsINF٣", max_size=40),
)


@settings(deadline=1_000)
@given(strange, st.sampled_from(["CNY", "JPY", "KWD"]))
def test_any_text_is_an_exact_amount_or_refused(text: str, currency: str) -> None:
    try:
        minor = parse_minor(text, currency)
    except InvalidInput:
        return
    assert Decimal(minor).scaleb(-exponent(currency)) == Decimal(text)
    assert abs(minor) <= MINOR_MAX


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
