"""Who could ask: the shoppers that the rules tell apart, the most favoured ones first."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from queqiao.decide.promotions.customer_types import Customer, CustomerHistory
from queqiao.decide.promotions.documents.condition import Condition
from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.decide.promotions.rehearsal.asks import conditions_of

SHOPPERS_MAX = 16
"""How many shoppers are tried; those that fewer rules tell apart come last."""

CODES_MAX = 20
"""How many codes a question may hold."""

NEWCOMER = CustomerHistory(orders=0, spent_minor=0, bought=())
REGULAR = CustomerHistory(orders=999, spent_minor=10**11, bought=())


class Way(NamedTuple):
    """Where the shopper comes from, where the goods go, and how both are done."""

    channel: str | None = None
    country: str | None = None
    shipping_method: str | None = None
    payment_method: str | None = None


class Shopper(NamedTuple):
    """A shopper with every code; what the rules of the rehearsal may ask of one."""

    customer: Customer
    way: Way
    codes: tuple[str, ...]


def shoppers_of(documents: Iterable[PromotionDocument]) -> list[Shopper]:
    """Return shoppers that between them meet what the rules ask.

    The first is in every segment, has every tag and every code. The others differ from it in one
    thing: another channel, country, way of paying or of delivery, no segments at all, or many
    orders instead of none.
    """
    rules = list(documents)
    leaves = [leaf for rule in rules for leaf in conditions_of(rule.condition)]
    segments = _names(leaf.segments_any for leaf in leaves)
    tags = _names(leaf.tags_any for leaf in leaves)
    codes = _names((rule.code_batch,) if rule.code_batch else () for rule in rules)
    customer = Customer(segments=segments, tags=tags, history=NEWCOMER)
    first, *others = _ways(leaves)
    found = [Shopper(customer, first, codes[:CODES_MAX])]
    if any(_asks_history(leaf) for leaf in leaves):
        regular = Customer(segments=segments, tags=tags, history=REGULAR)
        found.append(found[0]._replace(customer=regular))
    if any(leaf.segments_none or leaf.tags_none for leaf in leaves):
        bare = Customer(segments=(), tags=(), history=NEWCOMER)
        found.append(found[0]._replace(customer=bare))
    return (found + [found[0]._replace(way=way) for way in others])[:SHOPPERS_MAX]


def _ways(leaves: Sequence[Condition]) -> Iterator[Way]:
    """Yield a way that takes the first of all names, then one for each other name."""
    channels = _names(leaf.channels_any for leaf in leaves)
    countries = _names(leaf.countries_any for leaf in leaves)
    shipping = _names(leaf.shipping_methods_any for leaf in leaves)
    payment = _names(leaf.payment_methods_any for leaf in leaves)
    first = Way(
        *(names[0] if names else None for names in (channels, countries, shipping, payment))
    )
    yield first
    yield from (first._replace(channel=name) for name in channels[1:])
    yield from (first._replace(country=name) for name in countries[1:])
    yield from (first._replace(shipping_method=name) for name in shipping[1:])
    yield from (first._replace(payment_method=name) for name in payment[1:])


def _names(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(sorted({name for names in lists for name in names}))


def _asks_history(leaf: Condition) -> bool:
    return bool(
        leaf.first_purchase is False
        or leaf.orders_at_least
        or leaf.order_number_any
        or leaf.order_number_every
        or leaf.spent
    )
