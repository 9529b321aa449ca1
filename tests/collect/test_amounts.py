"""The door's glance at an amount and the exact reading of it agree, always."""

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from queqiao.collect.amounts import check_amounts
from queqiao.kernel import json
from queqiao.kernel.errors import InvalidInput
from queqiao.kernel.money import parse_minor
from queqiao.kernel.vocabulary import EVENTS

ORDER = EVENTS["Order Completed"]
CURRENCIES = st.sampled_from(["CNY", "USD", "INR", "JPY", "KWD", "CHF", "cny", "XXX"])
near_cents = st.integers(-(10**15), 10**15).map(lambda cents: cents / 100)
AMOUNTS = st.one_of(
    near_cents,
    st.tuples(near_cents, st.integers(-3, 3)).map(
        lambda pair: float.fromhex((pair[0]).hex()) + pair[1] * 2**-40
    ),
    st.integers(-(10**16), 10**16),
    st.integers(-(10**6), 10**6).map(lambda thousandths: thousandths / 1000),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(min_value=-(10**6), max_value=10**6, places=3).map(str),
    st.sampled_from(["", "1,5", "1e3", "0x10", "١٢", "12.30", " 1", "1_000"]),
)


def verdict(work) -> str | None:
    """Return the path that is refused, or None."""
    try:
        work()
    except InvalidInput as error:
        return error.fields[0][0]
    return None


def judged_exactly(amounts: dict, currency: str) -> str | None:
    for name in ("total", "subtotal", "revenue", "discount", "shipping", "tax"):
        found = amounts.get(name)
        if found is not None and f"{name}_minor" not in amounts:
            path = f"properties.{name}"
            refused = verdict(lambda v=found, p=path: parse_minor(str(v), currency, p))
            if refused is not None:
                return refused
    return None


def order(amounts: dict, currency: str) -> msgspec.Struct:
    return json.decode(
        msgspec.json.encode({"order_id": "o", "currency": currency, "products": [], **amounts}),
        ORDER,
    )


@settings(max_examples=400, deadline=None)
@given(AMOUNTS, AMOUNTS, CURRENCIES, st.booleans())
@example(1e13, 9_999_999_999_999.99, "CNY", False)
@example(0.1 + 0.2, 1e-9, "CNY", False)
@example(-0.0, 0.005, "USD", False)
@example(90_071_992_547_409.91, 90_071_992_547_409.92, "CNY", False)
def test_what_is_let_in_is_what_can_be_read_exactly(first, second, currency, has_minor):
    amounts = {"total": first, "revenue": second} | ({"total_minor": 1} if has_minor else {})
    asked = order(amounts, currency)
    read = {name: getattr(asked, name) for name in ("total", "revenue")}
    wanted = judged_exactly(read | ({"total_minor": 1} if has_minor else {}), currency)
    assert verdict(lambda: check_amounts(asked)) == wanted


@settings(max_examples=200, deadline=None)
@given(AMOUNTS, CURRENCIES, st.booleans())
def test_a_product_is_judged_in_its_own_currency_or_the_orders(price, currency, own):
    product = {"sku": "S", "price": price, **({"currency": currency} if own else {})}
    asked = order({"products": [product]}, "CNY" if own else currency)
    value = asked.products[0].price
    path = "properties.products[0].price"
    wanted = verdict(lambda: parse_minor(str(value), currency, path))
    assert verdict(lambda: check_amounts(asked)) == wanted


@pytest.mark.parametrize("amount", [12.345, 1e-300, 1e300, "NaN"])
def test_the_property_has_something_to_find(amount):
    assert verdict(lambda: check_amounts(order({"total": amount}, "CNY"))) is not None
