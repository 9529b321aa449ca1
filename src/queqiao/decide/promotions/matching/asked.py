"""From a question on the wire to the situation that conditions are held against."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date

from queqiao.catalog.contracts import Facts, Goods
from queqiao.decide.promotions.customer_types import BoughtGoods, CustomerHistory
from queqiao.decide.promotions.matching.situation import (
    Dimension,
    History,
    Names,
    Purchase,
    Situation,
)
from queqiao.decide.promotions.quote_types import QuoteRequest
from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message

FindGoods = Callable[[str], Goods | None]
_LEAP_YEAR = "2000-"


def situation_of(
    request: QuoteRequest, now_us: int, batches: Iterable[str], find: FindGoods
) -> Situation:
    """Return the situation of a question. Raises InvalidInput for a date that there is not."""
    customer = request.customer
    return Situation(
        now_us,
        request.currency,
        names=dict(_names(request, batches)),
        attributes=customer.attributes,
        birthday=birthday_of(customer.birthday),
        history=_history(customer.history, find),
    )


def _names(request: QuoteRequest, batches: Iterable[str]) -> Iterator[tuple[Dimension, Names]]:
    customer, cart = request.customer, request.cart
    lists: Mapping[Dimension, Iterable[str] | None] = {
        "segment": customer.segments,
        "tag": customer.tags,
        "code": batches,
    }
    for dimension, names in lists.items():
        if names:
            yield dimension, frozenset(names)
    singles: Mapping[Dimension, str | None] = {
        "channel": request.channel,
        "country": cart.shipping.country,
        "shipping_method": cart.shipping.method,
        "payment_method": cart.payment_method,
        "tier": None if customer.loyalty is None else customer.loyalty.tier,
    }
    for dimension, name in singles.items():
        if name is not None:
            yield dimension, frozenset((name,))


def birthday_of(text: str | None) -> tuple[int, int] | None:
    """Return month and day of ``YYYY-MM-DD`` or ``MM-DD``. Raises InvalidInput."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text if len(text) > 5 else _LEAP_YEAR + text)
    except ValueError as error:
        message = Message("没有这一天，请写成 1990-06-18 或 06-18", "no such day; write 1990-06-18")
        raise InvalidInput(FieldError("customer.birthday", message)) from error
    return day.month, day.day


def _history(told: CustomerHistory, find: FindGoods) -> History:
    path = "customer.history"
    last = told.last_order_at
    bought = None
    if told.bought is not None:
        bought = [
            _purchase(goods, f"{path}.bought[{index}]", find)
            for index, goods in enumerate(told.bought)
        ]
    return History(
        told.orders,
        told.spent_minor,
        None if last is None else parse_rfc3339(last, f"{path}.last_order_at"),
        bought,
    )


def _purchase(bought: BoughtGoods, path: str, find: FindGoods) -> Purchase:
    goods, paid = find(bought.sku), bought.paid_minor
    facts = Facts(bought.categories, bought.brand, bought.shop, bought.tags)
    price = 0 if goods is None else goods.price_minor
    return Purchase(
        bought.sku,
        bought.quantity,
        facts if goods is None else goods.facts,
        price if paid is None else paid // bought.quantity,
        paid,
        None if bought.at is None else parse_rfc3339(bought.at, f"{path}.at"),
    )
