"""What a person has bought in all, and what they said of themselves, as one cell of a live row.

Promotions ask for it while the shopper waits: whose first order is it, what was spent, what was
bought before, when is the birthday. Like the rest of a row it is a function of the events alone:
of the order lines and the identify calls that let a person be known, in the order of the log. What
lies longer back than the latest ``LINES_MAX`` lines counts among orders and money only.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from queqiao.ports.profile_rows.base import Cell
from queqiao.profile.fields import TRAITS

COLUMN = "meta:buyer"
"""In a family that does not end: who bought a year ago is no newcomer."""

LINES_MAX = 300
TEXT_MAX = 200
TAGS_MAX = 100
KEPT_TRAITS = frozenset((*TRAITS, "birthday", "tags", "level"))
"""What promotions may ask of a person; names, addresses and numbers to call are not kept here."""


class Bought(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One order line: ``quantity`` units for ``paid_minor`` in all; a credit has both below 0."""

    sku: str
    category: str
    quantity: int
    paid_minor: int
    currency: str
    at_us: int


class Said(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The value of one trait, a text, number, truth or list of texts, and when it was said."""

    value: Any
    at_us: int


class Buyer(msgspec.Struct, frozen=True):
    """One person. ``position`` is the offset of the last event in it; money is by currency."""

    position: int = 0
    orders: int = 0
    spent: dict[str, int] = {}
    last_order_us: int = 0
    bought: tuple[Bought, ...] = ()
    traits: dict[str, Said] = {}


class Sold(NamedTuple):
    """An order line; ``is_first``: it is the first of a sale, so an order begins with it."""

    offset: int
    person: str
    is_first: bool
    line: Bought


class Named(NamedTuple):
    """The traits of an identify call."""

    offset: int
    person: str
    at_us: int
    traits: dict[str, Any]


NOBODY = Buyer()
_DECODER = msgspec.msgpack.Decoder(Buyer)


def decoded(row: Mapping[str, Cell] | None) -> Buyer:
    """Return what a row of the store knows; of a row that does not, a newcomer."""
    cell = (row or {}).get(COLUMN)
    return NOBODY if cell is None else _DECODER.decode(cell.value)


def encoded(buyer: Buyer) -> dict[str, bytes]:
    """Return the columns to be written."""
    return {COLUMN: msgspec.msgpack.encode(buyer)}


def folded(buyer: Buyer, facts: Iterable[Sold | Named]) -> Buyer:
    """Return the buyer with what happened, in the order of the log; what is known is left out."""
    fresh = [fact for fact in facts if fact.offset > buyer.position]
    if not fresh:
        return buyer
    sold = [fact for fact in fresh if isinstance(fact, Sold)]
    starts = [fact.line.at_us for fact in sold if fact.is_first]
    return Buyer(
        max(fact.offset for fact in fresh),
        buyer.orders + len(starts),
        _spent(buyer.spent, (fact.line for fact in sold)),
        max((buyer.last_order_us, *starts)),
        _latest((*buyer.bought, *(fact.line for fact in sold if fact.line.sku))),
        _said(buyer.traits, (fact for fact in fresh if isinstance(fact, Named))),
    )


def together(buyers: Iterable[Buyer]) -> Buyer:
    """Return what several ids of one person, such as a user and a device, are as one."""
    known = list(buyers)
    spent: dict[str, int] = {}
    traits: dict[str, Said] = {}
    for buyer in known:
        for currency, amount in buyer.spent.items():
            spent[currency] = spent.get(currency, 0) + amount
        for name, said in buyer.traits.items():
            traits[name] = max(said, traits.get(name, said), key=lambda one: one.at_us)
    return Buyer(
        orders=sum(buyer.orders for buyer in known),
        spent=spent,
        last_order_us=max((buyer.last_order_us for buyer in known), default=0),
        bought=_latest(line for buyer in known for line in buyer.bought),
        traits=traits,
    )


def _spent(before: Mapping[str, int], lines: Iterable[Bought]) -> dict[str, int]:
    spent = dict(before)
    for line in lines:
        spent[line.currency] = spent.get(line.currency, 0) + line.paid_minor
    return spent


def _latest(lines: Iterable[Bought]) -> tuple[Bought, ...]:
    ordered = sorted(lines, key=lambda line: line.at_us, reverse=True)
    return tuple(ordered[:LINES_MAX])


def _said(before: Mapping[str, Said], calls: Iterable[Named]) -> dict[str, Said]:
    traits = dict(before)
    for call in calls:
        for name, told in call.traits.items():
            value = _kept(told)
            is_news = name not in traits or traits[name].at_us <= call.at_us
            if name in KEPT_TRAITS and value is not None and is_news:
                traits[name] = Said(value, call.at_us)
    return traits


def _kept(value: Any) -> Any:
    """Return a value that is small enough to be kept; None else."""
    if isinstance(value, list):
        texts = [one for one in value if isinstance(one, str) and len(one) <= TEXT_MAX]
        return texts[:TAGS_MAX]
    if isinstance(value, str):
        return value if len(value) <= TEXT_MAX else None
    return value if isinstance(value, bool | int | float) else None
