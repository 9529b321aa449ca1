"""Cells as exports write them: read exactly, or refused."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queqiao.collect.offline import cells
from queqiao.collect.offline.cells import BadCell, plain
from queqiao.kernel.money import format_minor

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "minor"),
    [("12.34", 1234), ("￥1,234.50", 123450), ("１２．３４元", 1234), ("(8.00)", -800),
     ("-¥8", -800),
     ("¥-8", -800), ("CNY 0.1", 10), ("100000000000", 10_000_000_000_000)],
)  # fmt: skip
def test_money_is_exact(text, minor) -> None:
    assert cells.money(text, "amount", "CNY") == minor


@pytest.mark.parametrize(
    "text", ["", "abc", "1.234", "1e5", "NaN", "12.3.4", "--1", "1e999999", "."]
)
def test_what_is_no_amount_is_refused(text) -> None:
    with pytest.raises(BadCell):
        cells.money(text, "amount", "CNY")


@given(st.integers(-(10**12), 10**12), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_every_amount_comes_back(minor, currency) -> None:
    assert cells.money(format_minor(minor, currency), "amount", currency) == minor


@pytest.mark.parametrize(
    ("text", "utc"),
    [("2026/6/1 12:30", "2026-06-01T04:30:00Z"), ("2026-06-01", "2026-05-31T16:00:00Z"),
     ("2026年6月1日 下午3时05分", "2026-06-01T07:05:00Z"),
     ("20260601123005", "2026-06-01T04:30:05Z"),
     ("2026.6.1 12:00 AM", "2026-05-31T16:00:00Z"),
     ("2026-06-01T04:30:00Z", "2026-06-01T04:30:00Z")],
)  # fmt: skip
def test_times_of_exports_are_read_in_the_shops_zone(text, utc) -> None:
    assert cells.moment(text, "time", ZONE) == utc


@pytest.mark.parametrize("text", ["2026-02-30", "tomorrow", "2026-06-01 25:00", "45000.5"])
def test_what_is_no_time_is_refused(text) -> None:
    with pytest.raises(BadCell):
        cells.moment(text, "time", ZONE)


def test_phones_are_one_form_and_masked_ones_are_refused() -> None:
    for text in (
        "138 0013 8000",
        "+8613800138000",
        "8613800138000",
        "008613800138000",
        "１３８００１３８０００",
    ):
        assert cells.phone(text, "phone") == "+8613800138000"
    assert cells.phone("021-62345678", "phone") == "+862162345678"
    for text in ("138****8000", "12345", "1.38E+10"):
        with pytest.raises(BadCell):
            cells.phone(text, "phone")


def test_what_exports_put_around_a_cell_goes() -> None:
    assert [plain(one) for one in ('="00123"', "\t00123\t", "'00123", "　00123 ")] == ["00123"] * 4
    with pytest.raises(BadCell, match="order_id"):
        cells.key("2.02606E+17", "order_id")


@given(st.text(max_size=40))
def test_no_text_breaks_a_cell(text) -> None:
    for read in (
        lambda: cells.money(text, "x", "CNY"), lambda: cells.quantity(text, "x"),
        lambda: cells.moment(text, "x", ZONE), lambda: cells.phone(text, "x"),
        lambda: cells.email(text, "x"), lambda: cells.key(text, "x"),
    ):  # fmt: skip
        try:
            read()
        except BadCell:
            continue
