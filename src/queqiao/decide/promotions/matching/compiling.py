"""From a condition document to its tree, ``not`` pushed into the leaves."""

from collections.abc import Iterator

from msgspec.structs import replace

from queqiao.decide.promotions.documents.condition import AttributeTest, Condition
from queqiao.decide.promotions.matching.cart_leaves import CartLeaf, CartMeasure
from queqiao.decide.promotions.matching.fact_leaves import (
    AtLeast,
    AtMost,
    AttributeBound,
    AttributeExists,
    AttributeLeaf,
    BirthdayLeaf,
    NamesLeaf,
    OrderNumber,
    WindowsLeaf,
)
from queqiao.decide.promotions.matching.goods_test import GoodsTest
from queqiao.decide.promotions.matching.measures import (
    BoughtQuantity,
    HistoryMeasure,
    Orders,
    Spent,
)
from queqiao.decide.promotions.matching.situation import Dimension, value_key
from queqiao.decide.promotions.matching.time_windows import compile_window
from queqiao.decide.promotions.matching.tree import Node, all_of, any_of
from queqiao.kernel import json

_ANY: dict[str, Dimension] = {
    "segments_any": "segment",
    "tags_any": "tag",
    "tiers_any": "tier",
    "channels_any": "channel",
    "countries_any": "country",
    "shipping_methods_any": "shipping_method",
    "payment_methods_any": "payment_method",
    "code_batches_any": "code",
}
_NONE: dict[str, Dimension] = {
    "segments_none": "segment",
    "tags_none": "tag",
    "tiers_none": "tier",
    "channels_none": "channel",
    "countries_none": "country",
}
_CART: tuple[tuple[str, CartMeasure, bool], ...] = (
    ("subtotal_at_least", "subtotal", True),
    ("subtotal_at_most", "subtotal", False),
    ("quantity_at_least", "quantity", True),
    ("quantity_at_most", "quantity", False),
    ("kinds_at_least", "kinds", True),
)
_ORDERS = Orders()


def compile_condition(condition: Condition, zone: str) -> Node | None:
    """Return the tree of a condition that has passed its check; None of one that always holds.

    ``zone`` is the time zone of conditions that name none.
    """
    nodes = list(_nodes(condition, zone))
    return all_of(nodes) if nodes else None


def without_own_bounds(condition: Condition) -> Condition:
    """Return the condition without the two bounds that pricing knows by itself.

    They are the commonest: what the goods in scope cost at least, as the profile reads it, and how
    many they are.
    """
    if condition.goods is not None:
        return condition
    subtotal = None if condition.reads is None else condition.subtotal_at_least
    return replace(condition, subtotal_at_least=subtotal, quantity_at_least=None)


def named_batches(condition: Condition) -> Iterator[str]:
    """Yield the coupon batches whose codes help a condition to hold, also deep inside."""
    yield from condition.code_batches_any
    for each in (*condition.all, *condition.any):
        yield from named_batches(each)


def _nodes(condition: Condition, zone: str) -> Iterator[Node]:
    yield from _cart(condition)
    yield from _names(condition)
    for test in condition.attributes:
        yield from _attribute(test)
    yield from _orders(condition)
    yield from _history(condition)
    yield from _times(condition, condition.timezone or zone)
    yield from (all_of(_nodes(inner, zone)) for inner in condition.all)
    if condition.any:
        yield any_of(all_of(_nodes(inner, zone)) for inner in condition.any)
    if condition.not_ is not None:
        yield all_of(_nodes(condition.not_, zone)).opposite()


def _cart(condition: Condition) -> Iterator[Node]:
    goods = None if condition.goods is None else GoodsTest(condition.goods)
    for name, measure, over in _CART:
        bound = getattr(condition, name)
        if bound is not None:
            yield CartLeaf(measure, bound, over, goods, condition.reads)


def _names(condition: Condition) -> Iterator[Node]:
    for fields, none in ((_ANY, False), (_NONE, True)):
        for field, dimension in fields.items():
            names = getattr(condition, field)
            if names:
                yield NamesLeaf(dimension, frozenset(names), none)


def _attribute(test: AttributeTest) -> Iterator[Node]:
    for values, none in ((test.any_of, False), (test.none_of, True)):
        if values:
            keys = frozenset(key for value in values if (key := value_key(value)) is not None)
            yield AttributeLeaf(test.name, keys, none)
    if test.at_least is not None:
        yield AttributeBound(test.name, test.at_least)
    if test.at_most is not None:
        yield AttributeBound(test.name, test.at_most, under=True, inclusive=False)
    if test.exists is not None:
        yield AttributeExists(test.name, absent=not test.exists)


def _orders(condition: Condition) -> Iterator[Node]:
    if condition.first_purchase is True:
        yield AtMost(_ORDERS, 0, "not_first_purchase")
    if condition.first_purchase is False:
        yield AtLeast(_ORDERS, 1, "first_purchase")
    yield from _bounds(_ORDERS, condition.orders_at_least, condition.orders_at_most)
    if condition.order_number_any:
        yield OrderNumber(frozenset(condition.order_number_any))
    if condition.order_number_every is not None:
        yield OrderNumber(every=condition.order_number_every)


def _history(condition: Condition) -> Iterator[Node]:
    spent, bought = condition.spent, condition.bought
    if spent is not None:
        yield from _bounds(Spent(spent.within_days), spent.at_least, spent.at_most)
    if bought is not None:
        measure = BoughtQuantity(GoodsTest(bought.goods), bought.within_days)
        yield from _bounds(measure, bought.quantity_at_least or None, bought.quantity_at_most)


def _bounds(measure: HistoryMeasure, at_least: int | None, at_most: int | None) -> Iterator[Node]:
    if at_least is not None:
        yield AtLeast(measure, at_least)
    if at_most is not None:
        yield AtMost(measure, at_most)


def _times(condition: Condition, zone: str) -> Iterator[Node]:
    before, after = condition.birthday_before_days, condition.birthday_after_days
    if before is not None or after is not None:
        yield BirthdayLeaf(before or 0, after or 0, zone)
    if condition.windows:
        key = f"{zone} {json.encode(condition.windows).decode()}"
        yield WindowsLeaf(key, tuple(map(compile_window, condition.windows)), zone)
