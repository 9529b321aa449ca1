"""What a person did lately, as one row of ``profile_rows``: pure, from events in their order.

A row holds the goods that were viewed, put into the cart or taken out of it, and bought, the latest
``GOODS_MAX`` of each, every one once with when it was last; the counts of one business day, the
latest that was seen; and whom a device belongs to. It is a function of the events alone, in the
order of the log, so the same events give the same row, in one go or in many, and an event that the
row has seen (by its offset) changes nothing. Late events fall into place by their own times; of a
day that is over they are not counted.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from queqiao.kernel.clock import DAY_US, business_day
from queqiao.ports.profile_rows.base import Cell, Family

KEPT_DAYS = 30
"""What was done longer ago is not told any more; cells that nobody writes die with it."""
GOODS_MAX = 20
FAMILIES = (Family("live", KEPT_DAYS * 86_400), Family("meta"))
VERSION = 3
"""Of what is made of events. Raise it when it changes: all rows are then made again."""
LINK_RENEWED_US = DAY_US

Kind = Literal["view", "cart", "uncart", "order", "link", "off"]


class Touch(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One product, and when it was last touched; ``gone``: it was taken out of the cart then."""

    sku: str
    at_us: int
    gone: bool = False


class Counts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What happened on one business day."""

    day: str = ""
    views: int = 0
    carts: int = 0
    orders: int = 0


class Link(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Whom a device belongs to, as of when."""

    user: str = ""
    at_us: int = 0


class Live(msgspec.Struct, frozen=True):
    """One row. ``position`` is the offset of the last event in it."""

    position: int = 0
    viewed: tuple[Touch, ...] = ()
    carted: tuple[Touch, ...] = ()
    bought: tuple[Touch, ...] = ()
    counts: Counts = Counts()
    link: Link = Link()


class Happening(NamedTuple):
    """What one event is to one row: ``skus`` of the goods, or the user of a link.

    ``off``: its person does not let it be used to personalize; nothing is kept of them.
    """

    offset: int
    key: str
    kind: Kind
    at_us: int
    skus: tuple[str, ...] = ()


EMPTY = Live()
_COLUMNS = {name: f"live:{name}" for name in Live.__struct_fields__}
_DECODERS = {
    field.name: msgspec.msgpack.Decoder(field.type) for field in msgspec.structs.fields(Live)
}


def decoded(row: Mapping[str, Cell] | None) -> Live:
    """Return a row of the store."""
    cells = row or {}
    known: dict[str, Any] = {
        name: _DECODERS[name].decode(cells[column].value)
        for name, column in _COLUMNS.items()
        if column in cells
    }
    return Live(**known)


def changed(before: Live, after: Live) -> dict[str, bytes]:
    """Return the columns that are to be written; none when nothing but the position moved."""
    moved = {
        name: getattr(after, name)
        for name in Live.__struct_fields__
        if name != "position" and getattr(after, name) != getattr(before, name)
    }
    if not moved:
        return {}
    moved["position"] = after.position
    return {_COLUMNS[name]: msgspec.msgpack.encode(value) for name, value in moved.items()}


def folded(row: Live, happenings: Iterable[Happening], zone: str) -> Live:
    """Return the row with what happened, in the order of the log, and what it knows left out."""
    for one in happenings:
        if one.offset > row.position:
            row = _with(row, one, zone)
    return row


def _with(row: Live, one: Happening, zone: str) -> Live:
    replace = msgspec.structs.replace
    if one.kind == "off":
        return Live(position=one.offset)
    if one.kind == "link":
        link = Link(one.skus[0], one.at_us)
        is_old = one.at_us - row.link.at_us >= LINK_RENEWED_US
        kept = row.link if link.user == row.link.user and not is_old else link
        return replace(row, position=one.offset, link=kept)
    counts = _counted(row.counts, one, zone)
    named = {"view": "viewed", "cart": "carted", "uncart": "carted", "order": "bought"}[one.kind]
    fresh = [Touch(sku, one.at_us, one.kind == "uncart") for sku in one.skus if sku]
    goods = _latest([*fresh, *getattr(row, named)])
    return replace(row, position=one.offset, counts=counts, **{named: goods})


def _counted(counts: Counts, one: Happening, zone: str) -> Counts:
    if one.kind == "uncart":
        return counts
    day = business_day(one.at_us, zone)
    if day < counts.day:
        return counts
    of_day = counts if day == counts.day else Counts(day)
    name = {"view": "views", "cart": "carts", "order": "orders"}[one.kind]
    return msgspec.structs.replace(of_day, **{name: getattr(of_day, name) + 1})


def _latest(goods: Sequence[Touch]) -> tuple[Touch, ...]:
    """Return each product once, as it was last touched; the latest first, and not too many."""
    found: dict[str, Touch] = {}
    for one in goods:
        known = found.get(one.sku)
        if known is None or _order(one) > _order(known):
            found[one.sku] = one
    return tuple(sorted(found.values(), key=_order, reverse=True)[:GOODS_MAX])


def _order(one: Touch) -> tuple[int, str, bool]:
    return (one.at_us, one.sku, one.gone)


class Good(msgspec.Struct, frozen=True):
    """A product that a person touched, and when (µs UTC)."""

    sku: str
    at_us: int


class Recent(msgspec.Struct, frozen=True):
    """What is known at a moment, the latest first. ``today`` is the business day of the moment."""

    viewed: list[Good]
    carted: list[Good]
    bought: list[Good]
    today: Counts

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        today = self.today
        counted = today.views or today.carts or today.orders
        return not (self.viewed or self.carted or self.bought or counted)


def recent(rows: Iterable[Live], now_us: int, zone: str) -> Recent:
    """Return what some rows of one person, such as a user and a device, tell at a moment."""
    known, since_us = list(rows), now_us - KEPT_DAYS * DAY_US
    viewed, carted, bought = (
        _latest([one for row in known for one in getattr(row, name) if one.at_us > since_us])
        for name in ("viewed", "carted", "bought")
    )
    paid = {one.sku: one.at_us for one in bought}
    in_cart = [one for one in carted if not one.gone and one.at_us > paid.get(one.sku, 0)]
    today, counts = business_day(now_us, zone), [row.counts for row in known]
    totals = [
        sum(getattr(one, name) for one in counts if one.day == today)
        for name in ("views", "carts", "orders")
    ]
    return Recent(_goods(viewed), _goods(in_cart), _goods(bought), Counts(today, *totals))


def _goods(found: Iterable[Touch]) -> list[Good]:
    return [Good(one.sku, one.at_us) for one in found]
