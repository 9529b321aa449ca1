"""Random conditions, and questions that come near to them."""

from datetime import date, datetime

import hypothesis.strategies as st
from msgspec.structs import replace
from tests.promotions.strategies import CATALOGS, LINES

from queqiao.decide.promotions.customer_types import BoughtGoods, Customer, CustomerHistory
from queqiao.decide.promotions.documents.condition import (
    AttributeTest,
    Bought,
    Condition,
    Spent,
    TimeWindow,
)
from queqiao.decide.promotions.documents.scope import GoodsNames, Scope
from queqiao.decide.promotions.quote_types import Cart, Shipping

NAMES = st.lists(st.sampled_from("abc"), min_size=1, max_size=2, unique=True).map(tuple)
SMALL = st.integers(0, 5)
ZONES = ("Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "UTC")
DATES = st.dates(
    min_value=date(2026, 10, 1),
    max_value=date(2026, 11, 30),
).map(str)
CLOCKS = st.sampled_from(["00:00", "01:30", "02:00", "09:00", "18:00", "23:59"])
VALUES = st.sampled_from(["x", "y", 1, 2, 2.0, True, False])
GOODS = st.builds(
    Scope,
    skus=st.lists(st.sampled_from("ABCDE"), max_size=2, unique=True).map(tuple),
    categories=st.lists(st.sampled_from("xyz"), max_size=1).map(tuple),
    price_at_least=st.none() | st.integers(0, 20_000),
    price_at_most=st.none() | st.integers(20_000, 50_000),
    excluded=st.none() | st.builds(GoodsNames, skus=st.sampled_from([("A",), ("B", "C")])),
)
WINDOWS = st.builds(
    TimeWindow,
    weekdays=st.just(()) | st.lists(st.integers(1, 7), min_size=1, max_size=4).map(tuple),
    from_time=CLOCKS,
    until_time=st.sampled_from(["00:30", "02:30", "10:00", "24:00"]),
    from_date=st.none() | DATES,
    until_date=st.none() | DATES,
)
ATTRIBUTES = st.builds(
    AttributeTest,
    name=st.sampled_from(["age", "level", "home.city"]),
    any_of=st.just(()) | st.lists(VALUES, min_size=1, max_size=2).map(tuple),
    none_of=st.just(()) | st.lists(VALUES, min_size=1, max_size=1).map(tuple),
    at_least=st.none() | st.integers(0, 3),
    at_most=st.none() | st.integers(0, 3),
    exists=st.sampled_from([None, None, True, False]),
).filter(lambda test: test != AttributeTest(name=test.name))
LEAVES = {
    "subtotal_at_least": st.integers(1, 100_000),
    "subtotal_at_most": st.integers(0, 100_000),
    "quantity_at_least": st.integers(1, 8),
    "quantity_at_most": st.integers(0, 8),
    "kinds_at_least": st.integers(1, 3),
    "segments_any": NAMES,
    "segments_none": NAMES,
    "tags_any": NAMES,
    "tags_none": NAMES,
    "channels_any": NAMES,
    "channels_none": NAMES,
    "countries_any": NAMES,
    "countries_none": NAMES,
    "shipping_methods_any": NAMES,
    "payment_methods_any": NAMES,
    "code_batches_any": NAMES,
    "attributes": st.lists(ATTRIBUTES, min_size=1, max_size=2).map(tuple),
    "first_purchase": st.booleans(),
    "orders_at_least": SMALL,
    "orders_at_most": SMALL,
    "order_number_any": st.lists(st.integers(1, 5), min_size=1, max_size=2).map(tuple),
    "order_number_every": st.integers(1, 4),
    "birthday_before_days": st.integers(0, 30),
    "birthday_after_days": st.integers(0, 30),
    "spent": st.builds(
        Spent,
        at_least=st.none() | st.integers(0, 300),
        at_most=st.none() | st.integers(0, 300),
        within_days=st.none() | st.integers(1, 40),
    ).filter(lambda spent: (spent.at_least, spent.at_most) != (None, None)),
    "bought": st.builds(
        Bought,
        goods=GOODS,
        quantity_at_least=st.integers(0, 3),
        quantity_at_most=st.none() | st.integers(0, 3),
        within_days=st.none() | st.integers(1, 40),
    ).filter(lambda bought: bought.quantity_at_least or bought.quantity_at_most is not None),
    "windows": st.lists(WINDOWS, min_size=1, max_size=2).map(tuple),
}


@st.composite
def leaves(draw):
    names = draw(st.lists(st.sampled_from(sorted(LEAVES)), min_size=1, max_size=3, unique=True))
    return Condition(
        **{name: draw(LEAVES[name]) for name in names},
        goods=draw(st.none() | GOODS),
        timezone=draw(st.none() | st.sampled_from(ZONES)),
    )


def _joined(inner):
    some = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.builds(
        lambda own, name, parts, barred: replace(own, not_=barred, **{name: parts}),
        leaves() | st.just(Condition()),
        st.sampled_from(["all", "any"]),
        some,
        st.none() | inner,
    )


CONDITIONS = st.recursive(leaves(), _joined, max_leaves=8)
MOMENTS = st.datetimes(
    min_value=datetime(2026, 10, 1),  # noqa: DTZ001  # hypothesis adds the zone
    max_value=datetime(2026, 11, 30),  # noqa: DTZ001
)
PAST = MOMENTS.map(lambda moment: f"{moment.isoformat()}+00:00")
BOUGHT = st.builds(
    BoughtGoods,
    sku=st.sampled_from("ABCDEF"),
    quantity=st.integers(1, 3),
    paid_minor=st.none() | st.integers(0, 300),
    at=st.none() | PAST,
    categories=st.sampled_from([(), ("x",)]),
)
HISTORIES = st.builds(
    CustomerHistory,
    orders=st.none() | SMALL,
    spent_minor=st.none() | st.integers(0, 300),
    bought=st.none() | st.lists(BOUGHT, max_size=3).map(tuple),
)
HELD = st.none() | st.lists(st.sampled_from("abc"), max_size=2, unique=True).map(tuple)
CUSTOMERS = st.builds(
    Customer,
    segments=HELD,
    tags=HELD,
    attributes=st.fixed_dictionaries(
        {},
        optional={
            "age": VALUES | st.lists(VALUES, max_size=2),
            "level": VALUES,
            "home": st.fixed_dictionaries({}, optional={"city": VALUES}),
        },
    ),
    birthday=st.none() | st.sampled_from(["10-05", "1990-11-01", "02-29", "2001-12-31"]),
    history=HISTORIES,
)
ONE = st.none() | st.sampled_from("abc")
CARTS = st.builds(
    Cart,
    lines=LINES.map(tuple),
    shipping=st.builds(Shipping, method=ONE, country=ONE),
    payment_method=ONE,
)
__all__ = ["CARTS", "CATALOGS", "CONDITIONS", "CUSTOMERS", "GOODS", "MOMENTS", "ONE"]
