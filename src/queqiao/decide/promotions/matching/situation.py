"""What conditions are held against beside the goods: the moment, the order, the customer."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from queqiao.catalog.contracts import Facts

Dimension = Literal[
    "segment",
    "tag",
    "tier",
    "channel",
    "country",
    "shipping_method",
    "payment_method",
    "code",
    "attribute",
    "order_number",
    "bought",
    "window",
]
"""The kinds of names that conditions ask for. ``code`` is of batches; a window is known by its key.
"""

Names = frozenset[str]
_NONE: Names = frozenset()
_NO_ATTRIBUTES: Mapping[str, Any] = {}


class Purchase(NamedTuple):
    """Goods bought before: the price of one unit in minor units, the time in UTC microseconds.

    ``paid_minor`` and ``at_us`` are None where that is not known.
    """

    sku: str
    quantity: int
    facts: Facts = Facts()
    price: int = 0
    paid_minor: int | None = None
    at_us: int | None = None


class History(NamedTuple):
    """What the customer bought before this order; None is what is not known."""

    orders: int | None = None
    spent_minor: int | None = None
    last_order_us: int | None = None
    bought: Sequence[Purchase] | None = None


UNKNOWN = History()


class Situation:
    """One question's circumstances. ``names`` holds what is there, by dimension.

    ``birthday`` is month and day.
    """

    __slots__ = ("attributes", "birthday", "currency", "history", "names", "now_us")

    def __init__(
        self,
        now_us: int,
        currency: str,
        *,
        names: Mapping[Dimension, Names],
        attributes: Mapping[str, Any] = _NO_ATTRIBUTES,
        birthday: tuple[int, int] | None = None,
        history: History = UNKNOWN,
    ) -> None:
        self.now_us = now_us
        self.currency = currency
        self.attributes = attributes
        self.birthday = birthday
        self.history = history
        self.names = dict(names)
        if attributes:
            self.names["attribute"] = frozenset(_attribute_names(attributes, ""))
        if history.orders is not None:
            self.names["order_number"] = frozenset((str(history.orders + 1),))
        if history.bought:
            self.names["bought"] = frozenset(_bought_names(history.bought))

    def of(self, dimension: Dimension) -> Names:
        """Return the names of one dimension."""
        return self.names.get(dimension, _NONE)


def attribute(attributes: Mapping[str, Any], name: str) -> Any:
    """Return an attribute, a dotted name also inside objects; None where there is none."""
    if name in attributes:
        return attributes[name]
    head, dot, rest = name.partition(".")
    inner = attributes.get(head) if dot else None
    return attribute(inner, rest) if isinstance(inner, dict) else None


def value_key(value: object) -> str | None:
    """Return a text that equal JSON values share: true is not 1, and 2.0 is 2."""
    if isinstance(value, bool):
        return f"b{value}"
    if isinstance(value, str):
        return f"s{value}"
    if isinstance(value, int | float):
        return f"n{int(value) if value == value // 1 else value}"
    return None


def attribute_name(name: str, value: object) -> str:
    """Return the name under which one value of an attribute is found."""
    return f"{name}={value_key(value)}"


def _attribute_names(attributes: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for name, value in attributes.items():
        path = prefix + name
        if isinstance(value, dict):
            yield from _attribute_names(value, f"{path}.")
            continue
        for item in value if isinstance(value, list) else (value,):
            yield attribute_name(path, item)


def _bought_names(bought: Sequence[Purchase]) -> Iterator[str]:
    for purchase in bought:
        yield from goods_names(purchase.sku, purchase.facts)


def goods_names(sku: str, facts: Facts) -> Iterator[str]:
    """Yield the names under which goods are found, each with its kind."""
    yield f"sku={sku}"
    yield from (f"category={name}" for name in facts.categories)
    yield f"brand={facts.brand}"
    yield f"shop={facts.shop}"
    yield from (f"tag={name}" for name in facts.tags)
